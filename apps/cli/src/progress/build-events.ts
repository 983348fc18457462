/**
 * What a build tells about itself, in BuildKit's terms (`moby.buildkit.v1.StatusResponse`): a vertex is one step, everything else belongs
 * to a vertex by its digest. Times are nanoseconds since 1970.
 */
export interface BuildEvents {
  readonly vertexes: readonly VertexEvent[];
  readonly statuses: readonly StatusEvent[];
  readonly logs: readonly LogEvent[];
  readonly warnings: readonly WarningEvent[];
}

export interface VertexEvent {
  readonly digest: string;
  readonly name: string;
  readonly inputs: readonly string[];
  readonly startedNs?: bigint | undefined;
  readonly completedNs?: bigint | undefined;
  readonly cached: boolean;
  /** Empty when it did not fail. */
  readonly error: string;
}

/** A part of a step that has an extent: a layer that is pulled, a context that is sent. */
export interface StatusEvent {
  readonly id: string;
  readonly vertex: string;
  readonly name: string;
  readonly current: number;
  /** 0 when it is not known. */
  readonly total: number;
  readonly timestampNs: bigint;
  readonly startedNs?: bigint | undefined;
  readonly completedNs?: bigint | undefined;
}

export interface LogEvent {
  readonly vertex: string;
  /** 1 is stdout, 2 stderr. */
  readonly stream: number;
  readonly data: Uint8Array;
  readonly timestampNs: bigint;
}

export interface WarningEvent {
  readonly vertex: string;
  readonly level: number;
  readonly short: string;
  readonly detail: readonly string[];
  readonly url: string;
  readonly source?: SourceText | undefined;
  readonly ranges: readonly SourceRange[];
}

/** A file that a message is about. */
export interface SourceText {
  readonly filename: string;
  readonly data: Uint8Array;
}

/** Lines, counted from 1; both ends are in it. */
export interface SourceRange {
  readonly startLine: number;
  readonly endLine: number;
}

/** Where a step shows what happens to it. */
export interface BuildDisplay {
  show(events: BuildEvents): void;
  /** The last word, after all events. Idempotent. */
  end(): void;
}
