import type { ReadStream } from 'node:tty';

/** Raw mode of a terminal: no echo, no line editing, no signals from keys. Disposing gives back what was; idempotent. */
export class RawMode implements Disposable {
  readonly #terminal: ReadStream;
  readonly #restore = (): void => void this.#terminal.setRawMode(false);
  #active = true;

  constructor(terminal: ReadStream) {
    this.#terminal = terminal;
    terminal.setRawMode(true);
    process.on('exit', this.#restore);
  }

  [Symbol.dispose](): void {
    if (!this.#active) return;
    this.#active = false;
    process.off('exit', this.#restore);
    this.#restore();
  }
}
