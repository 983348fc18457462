import { randomInt } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { isIPv4 } from 'node:net';
import type { Clock } from '@gantry/base';
import { openDatagramSocket } from '@gantry/kernel';
import type { Query } from '../wire/query.ts';
import { type Reply, readReply } from '../wire/reply.ts';
import { answerTimeoutMs, dnsPort, type Exchange, type ExchangeContext } from './upstream-server.ts';

/** A socket that is busy takes so many questions at once, and so many in its life: then another port is taken. */
const longestQueue = 64;
const longestUse = 1024;

/**
 * Asks one server by UDP. A question on its own has a socket, and so a port, of its own; under load many share one. A socket
 * is connected, so that the kernel passes on what comes from the server alone, and tells when nobody is there.
 */
export class DatagramExchange implements Exchange {
  readonly #address: string;
  readonly #context: ExchangeContext;
  readonly #sockets = new Set<AskingSocket>();
  #current: AskingSocket | undefined;

  constructor(address: string, context: ExchangeContext) {
    this.#address = address;
    this.#context = context;
  }

  async ask(query: Query): Promise<Reply | undefined> {
    if (this.#current?.isFree !== true) {
      try {
        this.#current = this.#open();
      } catch {
        // No route, no such interface, no descriptor left: this server cannot be asked now.
        return undefined;
      }
    }
    return await this.#current.ask(query);
  }

  [Symbol.dispose](): void {
    for (const socket of this.#sockets) socket.close();
  }

  #open(): AskingSocket {
    const fd = this.#context.inNetwork(() => openDatagramSocket(this.#address));
    const socket = new AskingSocket(fd, this.#address, {
      clock: this.#context.clock,
      onClose: () => this.#sockets.delete(socket),
    });
    this.#sockets.add(socket);
    return socket;
  }
}

interface Pending {
  query: Query;
  resolve: (reply: Reply | undefined) => void;
  timeout: AbortController;
}

/** A socket to one server, closed when its last question is answered. */
class AskingSocket {
  readonly #socket: Socket;
  readonly #clock: Clock;
  readonly #onClose: () => void;
  readonly #pending = new Map<number, Pending>();
  readonly #connected: Promise<boolean>;
  #asked = 0;
  #closed = false;

  constructor(fd: number, address: string, { clock, onClose }: { clock: Clock; onClose: () => void }) {
    this.#clock = clock;
    this.#onClose = onClose;
    // An address needs no look-up, and Node's own would take a turn of the event loop.
    this.#socket = createSocket({
      type: isIPv4(address) ? 'udp4' : 'udp6',
      lookup: (host, _options, callback) => callback(null, host, 4),
    });
    this.#socket.on('message', (message) => this.#onMessage(message));
    // Such as ECONNREFUSED, which a packet before this one came back with.
    this.#socket.on('error', () => this.close());
    this.#socket.bind({ fd, exclusive: true });
    this.#connected = new Promise((resolve) => {
      this.#socket.once('connect', () => resolve(true));
      this.#socket.once('close', () => resolve(false));
    });
    this.#socket.connect(dnsPort, address);
  }

  get isFree(): boolean {
    return !this.#closed && this.#pending.size < longestQueue && this.#asked < longestUse;
  }

  /** At once after `isFree` said so. */
  async ask(query: Query): Promise<Reply | undefined> {
    this.#asked += 1;
    const id = this.#freeId();
    const { promise, resolve } = Promise.withResolvers<Reply | undefined>();
    const timeout = new AbortController();
    this.#pending.set(id, { query, resolve, timeout });
    void this.#clock.sleep(answerTimeoutMs, timeout.signal).then(
      () => this.#settle(id, undefined),
      () => {},
    );
    if (await this.#connected) this.#send(query, id);
    return await promise;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#socket.close();
    for (const id of this.#pending.keys()) this.#settle(id, undefined);
    this.#onClose();
  }

  #send(query: Query, id: number): void {
    if (this.#closed) return;
    const message = Buffer.from(query.message);
    message.writeUInt16BE(id, 0);
    this.#socket.send(message, (error) => {
      if (error !== null) this.close();
    });
  }

  #onMessage(message: Buffer): void {
    const id = message.length >= 2 ? message.readUInt16BE(0) : -1;
    const pending = this.#pending.get(id);
    const reply = pending && readReply(message, pending.query, id);
    // What answers nothing is a lie, or late: the true answer may still come.
    if (reply !== undefined) this.#settle(id, reply);
  }

  #settle(id: number, reply: Reply | undefined): void {
    const pending = this.#pending.get(id);
    if (pending === undefined) return;
    this.#pending.delete(id);
    pending.timeout.abort();
    pending.resolve(reply);
    if (this.#pending.size === 0) this.close();
  }

  #freeId(): number {
    for (;;) {
      const id = randomInt(0x10000);
      if (!this.#pending.has(id)) return id;
    }
  }
}
