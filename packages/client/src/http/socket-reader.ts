import type { Connection } from '../connection.ts';

/**
 * Pulls bytes from a socket one chunk at a time. The socket is paused while 256 kB wait to be read, so a slow reader
 * holds the sender up and memory stays bounded. Owns the socket's `data`, `end`, `error` and `close` events.
 */
export class SocketReader {
  readonly #socket: Connection;
  readonly #chunks: Buffer[] = [];
  #waitingBytes = 0;
  #ended = false;
  #error: Error | undefined;
  #wake: (() => void) | undefined;

  constructor(socket: Connection) {
    this.#socket = socket;
    socket.on('data', this.#onData);
    socket.on('end', this.#onEnd);
    socket.on('close', this.#onEnd);
    socket.on('error', this.#onError);
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

  /** Lets go of the socket, which is paused and belongs to the caller; returns what was not read. */
  release(): readonly Buffer[] {
    const socket = this.#socket;
    socket.pause();
    socket.off('data', this.#onData);
    socket.off('end', this.#onEnd);
    socket.off('close', this.#onEnd);
    socket.off('error', this.#onError);
    return this.#chunks.splice(0);
  }

  readonly #onData = (chunk: Buffer): void => {
    this.#chunks.push(chunk);
    this.#waitingBytes += chunk.length;
    if (this.#waitingBytes >= pauseAtBytes) this.#socket.pause();
    this.#wake?.();
  };
  readonly #onEnd = (): void => this.#finish();
  readonly #onError = (error: Error): void => this.#finish(error);

  #finish(error?: Error): void {
    this.#error ??= this.#ended ? undefined : error;
    this.#ended = true;
    this.#wake?.();
  }
}

const pauseAtBytes = 256 * 1024;
