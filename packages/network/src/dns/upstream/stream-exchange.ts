import { randomInt } from 'node:crypto';
import { Socket } from 'node:net';
import { connectSocket } from '@gantry/kernel';
import { FrameReader, frame } from '../wire/frame.ts';
import type { Query } from '../wire/query.ts';
import { type Reply, readReply } from '../wire/reply.ts';
import { answerTimeoutMs, dnsPort, type Exchange, type ExchangeContext } from './upstream-server.ts';

/** Asks one server by TCP: a connection a question. */
export class StreamExchange implements Exchange {
  readonly #address: string;
  readonly #context: ExchangeContext;
  readonly #sockets = new Set<Socket>();

  constructor(address: string, context: ExchangeContext) {
    this.#address = address;
    this.#context = context;
  }

  async ask(query: Query): Promise<Reply | undefined> {
    let socket: Socket;
    try {
      const fd = this.#context.inNetwork(() => connectSocket(this.#address, dnsPort));
      socket = new Socket({ fd });
    } catch {
      return undefined;
    }
    this.#sockets.add(socket);
    const timeout = new AbortController();
    try {
      void this.#context.clock.sleep(answerTimeoutMs, timeout.signal).then(
        () => socket.destroy(),
        () => {},
      );
      return await exchange(socket, query);
    } finally {
      timeout.abort();
      socket.destroy();
      this.#sockets.delete(socket);
    }
  }

  [Symbol.dispose](): void {
    for (const socket of this.#sockets) socket.destroy();
  }
}

function exchange(socket: Socket, query: Query): Promise<Reply | undefined> {
  const { promise, resolve } = Promise.withResolvers<Reply | undefined>();
  const id = randomInt(0x10000);
  const reader = new FrameReader((message) => resolve(readReply(message, query, id)));
  socket.on('data', (chunk: Buffer) => reader.add(chunk));
  socket.on('error', () => resolve(undefined));
  socket.on('close', () => resolve(undefined));
  const message = Buffer.from(query.message);
  message.writeUInt16BE(id, 0);
  socket.write(frame(message));
  return promise;
}
