import type { Output } from '@gantry/terminal';
import type { BuildDisplay, BuildEvents } from './build-events.ts';
import { BuildTrace } from './build-trace.ts';
import { drawFrame, type FrameOptions } from './frame.ts';

const redrawMs = 150;

export interface TerminalDisplayOptions extends Pick<FrameOptions, 'colors' | 'title' | 'logLines'> {
  readonly nowNs: () => bigint;
  readonly size: () => { rows: number; columns: number };
  readonly trace?: BuildTrace;
}

/** Draws the build's steps in place, again and again, until it ends; the last frame stays. */
export class TerminalDisplay implements BuildDisplay {
  readonly #output: Output;
  readonly #options: TerminalDisplayOptions;
  readonly #trace: BuildTrace;
  readonly #startedNs: bigint;
  readonly #timer: NodeJS.Timeout;
  #drawnRows = 0;
  #ended = false;

  constructor(output: Output, options: TerminalDisplayOptions) {
    this.#output = output;
    this.#options = options;
    this.#trace = options.trace ?? new BuildTrace();
    this.#startedNs = options.nowNs();
    this.#timer = setInterval(() => this.#draw(false), redrawMs);
    this.#timer.unref();
  }

  show(events: BuildEvents): void {
    this.#trace.add(events);
  }

  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    clearInterval(this.#timer);
    this.#draw(true);
  }

  #draw(isLast: boolean): void {
    const { nowNs, size, colors, title, logLines } = this.#options;
    const { rows, columns } = size();
    const startedNs = this.#startedNs;
    const frame = { nowNs: nowNs(), startedNs, rows, columns, colors, title, logLines, isLast };
    const lines = drawFrame(this.#trace, frame);
    const back = this.#drawnRows > 0 ? `\x1b[${this.#drawnRows}A\r` : '';
    const text = lines.map((line) => `\x1b[2K${line}\n`).join('');
    this.#output.write(`\x1b[?25l${back}${text}\x1b[J\x1b[?25h`);
    this.#drawnRows = lines.length;
  }
}
