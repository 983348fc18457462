import type { ReadStream } from 'node:tty';

/**
 * Raw mode of a terminal: no echo, no line editing, no signals from keys, output as it is. Disposing gives back what was;
 * idempotent.
 */
export class RawMode implements Disposable {
  readonly #terminal: ReadStream;
  readonly #restore = (): void => void this.#terminal.setRawMode(false);
  #active = true;

  constructor(terminal: ReadStream) {
    this.#terminal = terminal;
    terminal.setRawMode(true);
    passOutput(terminal);
    process.on('exit', this.#restore);
  }

  [Symbol.dispose](): void {
    if (!this.#active) return;
    this.#active = false;
    process.off('exit', this.#restore);
    this.#restore();
  }
}

/**
 * Node's raw mode (libuv's UV_TTY_MODE_RAW) still makes a carriage return of each line feed, which the other side's terminal
 * has done already. Where there is no stty(1) it stays so. Running programs is loaded here: it takes 2 ms, which only raw mode is worth.
 */
function passOutput(terminal: ReadStream): void {
  const { spawnSync } = process.getBuiltinModule('node:child_process');
  spawnSync('stty', ['-opost'], { stdio: [terminal, 'ignore', 'ignore'] });
}
