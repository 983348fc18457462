import { drained, type HttpResponse } from './http/exchange.ts';

/**
 * A raw two-way stream over a connection that HTTP has left: attach and exec. Iterate it for what the engine sends;
 * the iteration ends when the engine closes. The holder closes it.
 */
export class HijackedStream implements AsyncIterable<Buffer>, Disposable {
  readonly #response: HttpResponse;

  constructor(response: HttpResponse) {
    this.#response = response;
  }

  /** The media type that the engine announced, or undefined. */
  get mediaType(): string | undefined {
    return this.#response.headers.get('content-type');
  }

  /** Resolves when the bytes are taken and there is room for more. Bytes for a closed stream are dropped. */
  async write(data: Uint8Array): Promise<void> {
    const { socket } = this.#response;
    if (socket.destroyed || !socket.writable) return;
    if (!socket.write(data)) await drained(socket);
  }

  /** Ends our side only; the other goes on. Idempotent. */
  closeWrite(): void {
    this.#response.socket.end();
  }

  /** Idempotent. */
  close(): void {
    this.#response.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  [Symbol.asyncIterator](): AsyncIterator<Buffer> {
    return this.#response.body[Symbol.asyncIterator]();
  }
}
