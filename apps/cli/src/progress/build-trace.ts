import type { BuildEvents, LogEvent, StatusEvent, VertexEvent, WarningEvent } from './build-events.ts';

/** Lines of one step that are kept for the end of a failed build. */
const mostKeptLines = 1024;

/** One line of a step's output. */
export interface LogLine {
  readonly text: string;
  /** Since the step began. */
  readonly afterSeconds: number;
}

/** What is known of one step. */
export interface TracedVertex {
  readonly digest: string;
  /** Counted from 1, in the order in which steps began. */
  readonly number: number;
  name: string;
  startedNs: bigint | undefined;
  completedNs: bigint | undefined;
  /** Time of earlier goes: a step may begin anew. */
  spentNs: bigint;
  cached: boolean;
  error: string;
  readonly statuses: Map<string, StatusEvent>;
  /** The last lines; what has been left out of them is counted. */
  readonly lines: LogLine[];
  omittedLines: number;
  /** Begun and not ended by a line feed. */
  unfinished: string;
  readonly decoder: InstanceType<typeof TextDecoder>;
}

/**
 * Everything that a build has told so far. Steps that have not begun have no number and are only counted.
 */
export class BuildTrace {
  /** In the order in which they began. */
  readonly vertexes: TracedVertex[] = [];
  readonly warnings: WarningEvent[] = [];
  readonly #byDigest = new Map<string, TracedVertex>();
  readonly #waiting = new Set<string>();
  readonly #seenLines = new Map<string, number>();

  /** Steps that are known, begun or not. */
  get totalCount(): number {
    return this.vertexes.length + this.#waiting.size;
  }

  get completedCount(): number {
    return this.vertexes.filter(isCompleted).length;
  }

  vertex(digest: string): TracedVertex | undefined {
    return this.#byDigest.get(digest);
  }

  /** Lines that `digest` has had in all. */
  lineCount(digest: string): number {
    return this.#seenLines.get(digest) ?? 0;
  }

  /** Takes events in; resolves to the steps that they are about, in the order of their numbers. */
  add(events: BuildEvents): readonly TracedVertex[] {
    const touched = new Set<TracedVertex>();
    const touch = (vertex: TracedVertex | undefined): void => void (vertex && touched.add(vertex));
    for (const event of events.vertexes) touch(this.#addVertex(event));
    for (const event of events.statuses) touch(this.#addStatus(event));
    for (const event of events.logs) touch(this.#addLog(event));
    for (const event of events.warnings) this.#addWarning(event);
    return [...touched].toSorted((left, right) => left.number - right.number);
  }

  /** The step that failed by itself, not because another one did; its end is the build's. */
  get culprit(): TracedVertex | undefined {
    const failed = this.vertexes.filter(({ error }) => error !== '');
    return failed.find(({ error }) => !isCancellation(error)) ?? failed[0];
  }

  #addVertex(event: VertexEvent): TracedVertex | undefined {
    const known = this.#byDigest.get(event.digest);
    if (known === undefined && event.startedNs === undefined && event.completedNs === undefined) {
      this.#waiting.add(event.digest);
      return undefined;
    }
    this.#waiting.delete(event.digest);
    const vertex = known ?? this.#begin(event);
    const beganAnew = vertex.startedNs !== undefined && event.startedNs !== vertex.startedNs;
    if (beganAnew && event.startedNs !== undefined) vertex.spentNs += lastGoNs(vertex);
    if (event.name !== '') vertex.name = event.name;
    vertex.startedNs = event.startedNs ?? vertex.startedNs;
    vertex.completedNs = event.completedNs;
    vertex.cached = event.cached;
    vertex.error = event.error;
    if (event.completedNs !== undefined) this.#finishLine(vertex, event.completedNs);
    return vertex;
  }

  #begin({ digest, name }: VertexEvent): TracedVertex {
    const vertex: TracedVertex = {
      digest,
      number: this.vertexes.length + 1,
      name,
      startedNs: undefined,
      completedNs: undefined,
      spentNs: 0n,
      cached: false,
      error: '',
      statuses: new Map(),
      lines: [],
      omittedLines: 0,
      unfinished: '',
      decoder: new TextDecoder(),
    };
    this.vertexes.push(vertex);
    this.#byDigest.set(digest, vertex);
    return vertex;
  }

  #addStatus(event: StatusEvent): TracedVertex | undefined {
    const vertex = this.#byDigest.get(event.vertex);
    vertex?.statuses.set(event.id, event);
    return vertex;
  }

  #addLog({ vertex: digest, data, timestampNs }: LogEvent): TracedVertex | undefined {
    const vertex = this.#byDigest.get(digest);
    if (vertex === undefined) return undefined;
    const [first = '', ...rest] = vertex.decoder.decode(data, { stream: true }).split('\n');
    vertex.unfinished += first;
    for (const text of rest) {
      this.#finishLine(vertex, timestampNs, true);
      vertex.unfinished = text;
    }
    return vertex;
  }

  #finishLine(vertex: TracedVertex, timeNs: bigint, isEmptyLine: boolean = false): void {
    if (vertex.unfinished === '' && !isEmptyLine) return;
    const afterSeconds = Number(timeNs - (vertex.startedNs ?? timeNs)) / 1e9;
    vertex.lines.push({ text: printable(vertex.unfinished), afterSeconds });
    vertex.unfinished = '';
    this.#seenLines.set(vertex.digest, this.lineCount(vertex.digest) + 1);
    if (vertex.lines.length > mostKeptLines) {
      vertex.lines.shift();
      vertex.omittedLines += 1;
    }
  }

  /** The same warning may be told by each step of a file. */
  #addWarning(event: WarningEvent): void {
    const isSame = (known: WarningEvent): boolean =>
      known.short === event.short && known.ranges[0]?.startLine === event.ranges[0]?.startLine;
    if (!this.warnings.some(isSame)) this.warnings.push(event);
  }
}

export function isCompleted({ completedNs }: TracedVertex): boolean {
  return completedNs !== undefined;
}

/** Ended because another step failed or the user did not want to wait. */
export function isCancellation(error: string): boolean {
  return /context canceled(?:: context canceled)*$/.test(error);
}

/** How long a step has taken, until `nowNs` when it is not over. */
export function spentSeconds(vertex: TracedVertex, nowNs: bigint): number {
  const { startedNs, completedNs, spentNs } = vertex;
  if (startedNs === undefined) return 0;
  return Math.max(0, Number(spentNs + (completedNs ?? nowNs) - startedNs) / 1e9);
}

function lastGoNs({ startedNs, completedNs }: TracedVertex): bigint {
  return startedNs === undefined || completedNs === undefined ? 0n : completedNs - startedNs;
}

/** A line as a terminal would have left it: what a carriage return goes back over is gone, and nothing steers the terminal. */
function printable(line: string): string {
  const text = line.endsWith('\r') ? line.slice(0, -1) : line;
  return text.slice(text.lastIndexOf('\r') + 1);
}
