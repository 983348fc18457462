import type { control, wellKnown } from '@gantry/buildkit';
import type { BuildEvents, SourceRange } from '../progress/build-events.ts';

type Range = control.VertexWarning['ranges'][number];

/** What the display knows, of what the engine tells. */
export function eventsOf({ vertexes, statuses, logs, warnings }: control.StatusResponse): BuildEvents {
  return {
    vertexes: vertexes.map((vertex) => ({
      digest: vertex.digest,
      name: vertex.name,
      inputs: vertex.inputs,
      startedNs: nanoseconds(vertex.started),
      completedNs: nanoseconds(vertex.completed),
      cached: vertex.cached,
      error: vertex.error,
    })),
    statuses: statuses.map(({ id, vertex, name, current, total, timestamp, started, completed }) => ({
      id,
      vertex,
      name,
      current,
      total,
      timestampNs: nanoseconds(timestamp) ?? 0n,
      startedNs: nanoseconds(started),
      completedNs: nanoseconds(completed),
    })),
    logs: logs.map(({ vertex, stream, msg, timestamp }) => ({
      vertex,
      stream,
      data: msg,
      timestampNs: nanoseconds(timestamp) ?? 0n,
    })),
    warnings: warnings.map(({ vertex, level, short, detail, url, info, ranges }) => ({
      vertex,
      level,
      short: textOf(short),
      detail: detail.map(textOf),
      url,
      source: info && { filename: info.filename, data: info.data },
      ranges: rangesOf(ranges),
    })),
  };
}

export function rangesOf(ranges: readonly Range[]): SourceRange[] {
  return ranges.map(({ start, end }) => ({
    startLine: start?.line ?? 0,
    endLine: end?.line ?? start?.line ?? 0,
  }));
}

function nanoseconds(time: wellKnown.Timestamp | undefined): bigint | undefined {
  return time && BigInt(time.seconds) * 1_000_000_000n + BigInt(time.nanos);
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('utf8');
}
