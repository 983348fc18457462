import type { Output } from '@gantry/terminal';
import type {
  BuildDisplay,
  BuildEvents,
  LogEvent,
  StatusEvent,
  VertexEvent,
  WarningEvent,
} from './build-events.ts';

/** A JSON document a line, as buildx's `--progress=rawjson` has them: empty fields are left out, bytes are base64. */
export class RawJsonDisplay implements BuildDisplay {
  readonly #output: Output;

  constructor(output: Output) {
    this.#output = output;
  }

  show({ vertexes, statuses, logs, warnings }: BuildEvents): void {
    const document = {
      ...(vertexes.length > 0 && { vertexes: vertexes.map(vertexDocument) }),
      ...(statuses.length > 0 && { statuses: statuses.map(statusDocument) }),
      ...(logs.length > 0 && { logs: logs.map(logDocument) }),
      ...(warnings.length > 0 && { warnings: warnings.map(warningDocument) }),
    };
    if (Object.keys(document).length > 0) this.#output.write(`${JSON.stringify(document)}\n`);
  }

  end(): void {}
}

function vertexDocument({
  digest,
  inputs,
  name,
  startedNs,
  completedNs,
  cached,
  error,
}: VertexEvent): object {
  return {
    digest,
    ...(inputs.length > 0 && { inputs }),
    ...(name !== '' && { name }),
    ...(startedNs !== undefined && { started: utcTime(startedNs) }),
    ...(completedNs !== undefined && { completed: utcTime(completedNs) }),
    ...(cached && { cached }),
    ...(error !== '' && { error }),
  };
}

function statusDocument(status: StatusEvent): object {
  const { id, vertex, name, total, current, timestampNs, startedNs, completedNs } = status;
  return {
    id,
    vertex,
    ...(name !== '' && { name }),
    ...(total > 0 && { total }),
    current,
    timestamp: utcTime(timestampNs),
    ...(startedNs !== undefined && { started: utcTime(startedNs) }),
    ...(completedNs !== undefined && { completed: utcTime(completedNs) }),
  };
}

function logDocument({ vertex, stream, data, timestampNs }: LogEvent): object {
  return { vertex, stream, data: base64(data), timestamp: utcTime(timestampNs) };
}

function warningDocument({ vertex, level, short, detail, url, source, ranges }: WarningEvent): object {
  return {
    vertex,
    ...(level > 0 && { level }),
    short: base64(short),
    ...(detail.length > 0 && { detail: detail.map(base64) }),
    ...(url !== '' && { url }),
    ...(source && { sourceInfo: { filename: source.filename, data: base64(source.data) } }),
    ...(ranges.length > 0 && {
      range: ranges.map(({ startLine, endLine }) => ({ start: { line: startLine }, end: { line: endLine } })),
    }),
  };
}

function base64(data: string | Uint8Array): string {
  return Buffer.from(data as string).toString('base64');
}

/** RFC 3339 in UTC; a fraction without the zeros at its end. */
function utcTime(unixNs: bigint): string {
  const seconds = new Date(Number(unixNs / 1_000_000n)).toISOString().slice(0, 19);
  const fraction = String(unixNs % 1_000_000_000n)
    .padStart(9, '0')
    .replace(/0+$/, '');
  return `${seconds}${fraction === '' ? '' : `.${fraction}`}Z`;
}
