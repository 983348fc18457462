import type { Socket } from 'node:net';

/**
 * Pulls bytes from a socket one chunk at a time. The socket is paused while 256 kB wait to be read, so a slow reader
 * holds the sender up and memory stays bounded. Owns the socket's `data`, `end`, `error` and `close` events.
 */
export class SocketReader {
  readonly #socket: Socket;
  readonly #chunks: Buffer[] = [];
  #waitingBytes = 0;
  #ended = false;
  #error: Error | undefined;
  #wake: (() => void) | undefined;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => {
      this.#chunks.push(chunk);
      this.#waitingBytes += chunk.length;
      if (this.#waitingBytes >= pauseAtBytes) socket.pause();
      this.#wake?.();
    });
    socket.on('end', () => this.#finish());
    socket.on('close', () => this.#finish());
    socket.on('error', (error) => this.#finish(error));
  }

  /** The next chunk, never empty; undefined at the end of the stream. Rejects when the connection broke. */
  async read(): Promise<Buffer | undefined> {
    for (;;) {
      const chunk = this.#chunks.shift();
      if (chunk !== undefined) {
        this.#waitingBytes -= chunk.length;
        return chunk;
      }
      if (this.#error !== undefined) throw this.#error;
      if (this.#ended) return undefined;
      if (this.#socket.isPaused()) this.#socket.resume();
      await new Promise<void>((resolve) => (this.#wake = resolve));
      this.#wake = undefined;
    }
  }

  /** Gives bytes back, to be read next. */
  unread(chunk: Buffer): void {
    if (chunk.length === 0) return;
    this.#chunks.unshift(chunk);
    this.#waitingBytes += chunk.length;
  }

  #finish(error?: Error): void {
    this.#error ??= this.#ended ? undefined : error;
    this.#ended = true;
    this.#wake?.();
  }
}

const pauseAtBytes = 256 * 1024;
