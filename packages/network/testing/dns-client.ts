import { createSocket } from 'node:dgram';
import { Socket } from 'node:net';
import { bindSocket, connectSocket, withNetworkNamespace } from '@gantry/kernel';
import { type DnsMessage, flags, readMessage, types, writeMessage } from './dns-message.ts';

export interface DnsQuestion {
  /** The network namespace that asks. */
  from: string;
  name: string;
  type?: number;
  transport?: 'udp' | 'tcp';
  /** How long an answer by UDP may be, said by EDNS. */
  udpBytes?: number;
  /** 127.0.0.11 when missing. */
  server?: string;
}

const resolver = '127.0.0.11';
/** Answers to thousands of questions wait here until they are read. */
const receiveBytes = 16 * 1024 * 1024;
let lastId = 0;

/** Asks once and resolves with the answer, however long it takes. */
export async function askDns(question: DnsQuestion): Promise<DnsMessage> {
  return readMessage(await askDnsRaw(question, questionBytes(question)));
}

/** As `askDns`, by bytes. */
export async function askDnsRaw(
  { from, transport = 'udp', server = resolver }: Pick<DnsQuestion, 'from' | 'transport' | 'server'>,
  message: Buffer,
): Promise<Buffer> {
  using client =
    transport === 'udp' ? new DnsDatagramClient(from, server) : new DnsStreamClient(from, server);
  client.send(message);
  return await client.next();
}

/** A query with a fresh id. */
export function questionBytes({ name, type = types.A, udpBytes }: Omit<DnsQuestion, 'from'>): Buffer {
  lastId = (lastId + 1) & 0xffff;
  const opt = { name: '', type: types.OPT, class: udpBytes ?? 0, ttl: 0, data: Buffer.alloc(0) };
  return writeMessage({
    id: lastId,
    flags: flags.recursionDesired,
    questions: [{ name, type, class: 1 }],
    additionals: udpBytes === undefined ? [] : [opt],
  });
}

/** Messages that came, in order, and those who wait for the next. */
class Inbox {
  readonly #messages: Buffer[] = [];
  readonly #waiting: ((message: Buffer) => void)[] = [];

  add(message: Buffer): void {
    const waiting = this.#waiting.shift();
    if (waiting === undefined) this.#messages.push(message);
    else waiting(message);
  }

  next(): Promise<Buffer> {
    const message = this.#messages.shift();
    return message === undefined
      ? new Promise((resolve) => this.#waiting.push(resolve))
      : Promise.resolve(message);
  }
}

/** A connected UDP socket in a namespace. */
export class DnsDatagramClient implements Disposable {
  readonly #socket;
  readonly #inbox = new Inbox();
  #onRefusal = (): void => {};

  constructor(from: string, server: string = resolver) {
    const any = server.includes(':') ? '::' : '0.0.0.0';
    const { fd } = withNetworkNamespace(from, () => bindSocket('udp', any, 0, { receiveBytes }));
    this.#socket = createSocket({
      type: server.includes(':') ? 'udp6' : 'udp4',
      lookup: (address, _options, callback) => callback(null, address, 4),
    });
    this.#socket.on('message', (message) => this.#inbox.add(message));
    this.#socket.on('error', () => this.#onRefusal());
    this.#socket.bind({ fd });
    this.#socket.connect(53, server);
  }

  /** Resolves when a message finds nobody at the port. Refusals that nobody waits for are passed over. */
  nextRefusal(): Promise<void> {
    return new Promise((resolve) => (this.#onRefusal = resolve));
  }

  send(message: Buffer): void {
    this.#socket.send(message);
  }

  next(): Promise<Buffer> {
    return this.#inbox.next();
  }

  [Symbol.dispose](): void {
    this.#socket.close();
  }
}

/** A TCP connection from a namespace. */
export class DnsStreamClient implements Disposable {
  readonly #socket: Socket;
  readonly #inbox = new Inbox();
  /** Resolves when the connection is closed. */
  readonly closed: Promise<void>;
  #bytes = Buffer.alloc(0);

  constructor(from: string, server: string = resolver) {
    this.#socket = new Socket({ fd: withNetworkNamespace(from, () => connectSocket(server, 53)) });
    this.#socket.on('error', () => {});
    this.#socket.on('data', (chunk: Buffer) => this.#onData(chunk));
    this.closed = new Promise((resolve) => this.#socket.once('close', () => resolve()));
  }

  send(message: Buffer): void {
    this.sendBytes(Buffer.concat([Buffer.from([message.length >> 8, message.length & 255]), message]));
  }

  /** As they are, without a length before them. */
  sendBytes(bytes: Buffer): void {
    this.#socket.write(bytes);
  }

  /** Says that nothing more will be asked. */
  end(): void {
    this.#socket.end();
  }

  next(): Promise<Buffer> {
    return this.#inbox.next();
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
  }

  #onData(chunk: Buffer): void {
    this.#bytes = Buffer.concat([this.#bytes, chunk]);
    while (this.#bytes.length >= 2 && this.#bytes.length >= 2 + this.#bytes.readUInt16BE(0)) {
      const end = 2 + this.#bytes.readUInt16BE(0);
      this.#inbox.add(this.#bytes.subarray(2, end));
      this.#bytes = this.#bytes.subarray(end);
    }
  }
}
