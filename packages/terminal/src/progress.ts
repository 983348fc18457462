import { formatSize } from './format/size-format.ts';
import type { Output } from './output.ts';

/** One message of a transfer: a line of its own, or news about the line of `id`. */
export interface ProgressUpdate {
  readonly id?: string;
  readonly status?: string;
  /** Text that is printed as it is. */
  readonly stream?: string;
  readonly progressDetail?: { readonly current?: number; readonly total?: number };
  /** News for the program, not for who reads: such a message is no line. */
  readonly aux?: unknown;
}

/**
 * Prints transfer messages as Docker does: on a terminal every id has a line that is redrawn, elsewhere each change
 * of status is a line and bars are left out.
 */
export class ProgressPrinter {
  readonly #output: Output;
  readonly #columns: number;
  #lines = new Map<string, number>();

  constructor(output: Output, columns: number) {
    this.#output = output;
    this.#columns = columns;
  }

  print(update: ProgressUpdate): void {
    if (update.aux !== undefined) return;
    if (this.#output.isTerminal) this.#output.write(this.#redraw(update));
    else this.#output.write(plainLine(update));
  }

  #redraw(update: ProgressUpdate): string {
    const { id = '', progressDetail } = update;
    if (id === '' || progressDetail === undefined) {
      this.#lines = new Map();
      return plainLine(update);
    }
    let text = '';
    let line = this.#lines.get(id);
    if (line === undefined) {
      line = this.#lines.size;
      this.#lines.set(id, line);
      text += '\n';
    }
    const up = this.#lines.size - line;
    const bar = progressBar(progressDetail, this.#columns);
    const shown = `${id}: ${update.status ?? ''} ${bar}`.trimEnd().slice(0, this.#columns - 1);
    return `${text}\x1b[${up}A\x1b[2K\r${shown}\r\x1b[${up}B`;
  }
}

function plainLine({ id = '', status = '', stream, progressDetail }: ProgressUpdate): string {
  if (stream !== undefined) return stream;
  if (progressDetail?.current !== undefined && progressDetail.current > 0) return '';
  return `${id === '' ? '' : `${id}: `}${status}\n`;
}

const barColumns = 50;
const leastColumnsForBar = 110;

function progressBar(
  { current = 0, total = 0 }: { current?: number; total?: number },
  columns: number,
): string {
  if (current <= 0 && total <= 0) return '';
  const currentText = formatSize(current, 4).padStart(8);
  if (total <= 0) return currentText;
  const filled = Math.min(barColumns, Math.trunc(((current / total) * 100) / 2));
  const bar = `[${'='.repeat(filled)}>${' '.repeat(barColumns - filled)}] `;
  const numbers = current > total ? currentText : `${currentText}/${formatSize(total, 4)}`;
  return (columns > leastColumnsForBar ? bar : '') + numbers;
}
