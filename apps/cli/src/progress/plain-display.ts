import type { Output } from '@gantry/terminal';
import type { BuildDisplay, BuildEvents, StatusEvent } from './build-events.ts';
import { warningLine } from './build-report.ts';
import { BuildTrace, isCancellation, isCompleted, spentSeconds, type TracedVertex } from './build-trace.ts';
import { spentText, statusSeconds, statusTitle } from './status-text.ts';

/** A step that says nothing for so long gives way to another one. */
const patienceNs = 5_000_000_000n;
/** News about an extent come no closer than this. */
const statusIntervalNs = 5_000_000_000n;
/** What is over sooner is told once. */
const leastStatusNs = 100_000_000n;

interface Printed {
  lines: number;
  warnings: number;
  /** When each status was last printed; `done` when that was its end. */
  readonly statuses: Map<string, bigint | 'done'>;
  ended: boolean;
}

/**
 * A line for everything, each with the number of its step: for files and pipes. Steps that run side by side do not mix: one speaks until it
 * ends or falls silent, the others wait.
 */
export class PlainDisplay implements BuildDisplay {
  readonly #output: Output;
  readonly #nowNs: () => bigint;
  readonly #trace: BuildTrace;
  readonly #printed = new Map<TracedVertex, Printed>();
  #current: TracedVertex | undefined;
  #spokeNs = 0n;

  constructor(output: Output, options: { nowNs: () => bigint; trace?: BuildTrace }) {
    this.#output = output;
    this.#nowNs = options.nowNs;
    this.#trace = options.trace ?? new BuildTrace();
  }

  show(events: BuildEvents): void {
    const touched = this.#trace.add(events);
    const current = this.#current;
    const completed = touched.filter(isCompleted);
    if (current !== undefined && touched.includes(current)) this.#print(current);
    for (const vertex of completed) if (vertex !== current) this.#print(vertex);
    this.#chooseNext(touched);
  }

  end(): void {
    for (const vertex of this.#trace.vertexes) if (this.#hasNews(vertex)) this.#print(vertex);
  }

  /** When nobody speaks, the step that has waited longest does. */
  #chooseNext(touched: readonly TracedVertex[]): void {
    const current = this.#current;
    const isFree = current === undefined || this.#nowNs() - this.#spokeNs >= patienceNs;
    if (!isFree) return;
    const waiting = this.#trace.vertexes.filter(
      (vertex) =>
        vertex !== current && !isCompleted(vertex) && (this.#hasNews(vertex) || touched.includes(vertex)),
    );
    const [next] = waiting;
    if (next !== undefined) this.#print(next);
  }

  #hasNews(vertex: TracedVertex): boolean {
    const printed = this.#printed.get(vertex);
    if (printed === undefined) return true;
    return printed.lines < this.#trace.lineCount(vertex.digest) || (isCompleted(vertex) && !printed.ended);
  }

  #print(vertex: TracedVertex): void {
    const printed = this.#printed.get(vertex) ?? { lines: 0, warnings: 0, statuses: new Map(), ended: false };
    if (printed.ended && !this.#hasNews(vertex)) return;
    this.#printed.set(vertex, printed);
    const lines = [
      ...this.#header(vertex),
      ...this.#statusLines(vertex, printed),
      ...this.#warningLines(vertex, printed),
      ...this.#logLines(vertex, printed),
      ...this.#endLine(vertex, printed),
    ];
    this.#spokeNs = this.#nowNs();
    this.#current = printed.ended ? undefined : vertex;
    if (lines.length > 0) this.#output.write(`${lines.join('\n')}\n`);
  }

  #header(vertex: TracedVertex): string[] {
    const current = this.#current;
    if (current === vertex) return [];
    const leaving = current === undefined ? [] : [`#${current.number} ...`];
    const gap = this.#printed.size > 1 || this.#spokeNs > 0n ? [''] : [];
    return [...leaving, ...gap, `#${vertex.number} ${vertex.name.replaceAll('\n', ' ')}`];
  }

  #statusLines({ number, statuses }: TracedVertex, printed: Printed): string[] {
    const nowNs = this.#nowNs();
    const due = [...statuses.values()].filter((status) => this.#isDue(status, printed, nowNs));
    return due.map((status) => {
      printed.statuses.set(status.id, status.completedNs === undefined ? nowNs : 'done');
      const done = status.completedNs === undefined ? '' : ' done';
      return `#${number} ${statusTitle(status)}${spentText(statusSeconds(status, nowNs))}${done}`;
    });
  }

  #isDue({ id, startedNs, completedNs }: StatusEvent, { statuses }: Printed, nowNs: bigint): boolean {
    const last = statuses.get(id);
    if (last === 'done') return false;
    if (completedNs !== undefined) return true;
    return last === undefined ? hasLasted(startedNs, nowNs) : nowNs - last >= statusIntervalNs;
  }

  #warningLines({ number, digest }: TracedVertex, printed: Printed): string[] {
    const own = this.#trace.warnings.filter((warning) => warning.vertex === digest);
    const fresh = own.slice(printed.warnings);
    printed.warnings = own.length;
    return fresh.map((warning) => `#${number} WARN: ${warningLine(warning)}`);
  }

  #logLines(vertex: TracedVertex, printed: Printed): string[] {
    const { number, lines } = vertex;
    const total = this.#trace.lineCount(vertex.digest);
    const fresh = lines.slice(Math.max(0, lines.length - (total - printed.lines)));
    printed.lines = total;
    return fresh.map(({ text, afterSeconds }) => `#${number} ${afterSeconds.toFixed(3)} ${text}`);
  }

  #endLine(vertex: TracedVertex, printed: Printed): string[] {
    const { number, error, cached } = vertex;
    if (!isCompleted(vertex)) return [];
    printed.ended = true;
    if (error !== '') return [`#${number} ${isCancellation(error) ? 'CANCELED' : `ERROR: ${error}`}`];
    if (cached) return [`#${number} CACHED`];
    return [`#${number} DONE ${spentSeconds(vertex, this.#nowNs()).toFixed(1)}s`];
  }
}

function hasLasted(startedNs: bigint | undefined, nowNs: bigint): boolean {
  return startedNs === undefined || nowNs - startedNs >= leastStatusNs;
}
