import { createSocket } from 'node:dgram';
import { createServer, type Socket } from 'node:net';
import { bindSocket, withNetworkNamespace } from '@gantry/kernel';
import { type DnsMessage, type DnsRecord, flags, readMessage, types, writeMessage } from './dns-message.ts';

/** A question that came to the server, and the means to answer it, more than once or never. */
export interface AskedQuestion {
  query: DnsMessage;
  name: string;
  transport: 'udp' | 'tcp';
  /** The UDP or TCP port that the question came from. */
  port: number;
  reply: (message: Buffer) => void;
}

/**
 * A name server of the tests at port 53 of an address, in a namespace or in this process's own, by UDP and TCP. `onQuestion` does
 * whatever a good or a bad server would.
 */
export class DnsServer implements Disposable {
  /** Names that were asked for, in order. */
  readonly asked: string[] = [];
  readonly #datagrams;
  readonly #server;
  readonly #connections = new Set<Socket>();

  constructor(
    place: { namespacePath?: string; address: string },
    onQuestion: (asked: AskedQuestion) => void,
  ) {
    const { address, namespacePath } = place;
    const open = (): { udp: number; tcp: number } => ({
      udp: bindSocket('udp', address, 53, { receiveBytes: 8 * 1024 * 1024 }).fd,
      tcp: bindSocket('tcp', address, 53).fd,
    });
    const { udp, tcp } = namespacePath === undefined ? open() : withNetworkNamespace(namespacePath, open);
    const handle = (message: Buffer, asked: Omit<AskedQuestion, 'query' | 'name'>): void => {
      const query = readMessage(message);
      const name = query.questions[0]?.name ?? '';
      this.asked.push(name);
      onQuestion({ ...asked, query, name });
    };
    this.#datagrams = createSocket({
      type: address.includes(':') ? 'udp6' : 'udp4',
      lookup: (host, _options, callback) => callback(null, host, 4),
    });
    this.#datagrams.on('message', (message, { address, port }) =>
      handle(message, {
        transport: 'udp',
        port,
        reply: (answer) => this.#datagrams.send(answer, port, address, () => {}),
      }),
    );
    this.#datagrams.bind({ fd: udp });
    this.#server = createServer((socket) => {
      this.#connections.add(socket);
      socket.on('error', () => socket.destroy());
      socket.on('data', (chunk: Buffer) =>
        handle(chunk.subarray(2), {
          transport: 'tcp',
          port: socket.remotePort ?? 0,
          reply: (answer) => {
            socket.write(Buffer.concat([Buffer.from([answer.length >> 8, answer.length & 255]), answer]));
          },
        }),
      );
    });
    this.#server.listen({ fd: tcp });
  }

  /** Sends by UDP what nobody asked of this server, to a port of 127.0.0.1. */
  send(port: number, message: Buffer): void {
    this.#datagrams.send(message, port, '127.0.0.1');
  }

  [Symbol.dispose](): void {
    this.#datagrams.close();
    this.#server.close();
    for (const socket of this.#connections) socket.destroy();
  }
}

/** The answer to `query` with these records. */
export function answerTo(
  query: DnsMessage,
  {
    code = 0,
    answers = [],
    moreFlags = 0,
  }: { code?: number; answers?: readonly DnsRecord[]; moreFlags?: number } = {},
): Buffer {
  const { id, questions } = query;
  return writeMessage({ id, flags: flags.answer | moreFlags, code, questions, answers });
}

/** An `A` record. */
export function addressRecord(name: string, address: string): DnsRecord {
  return { name, type: types.A, class: 1, ttl: 60, data: Buffer.from(address.split('.').map(Number)) };
}
