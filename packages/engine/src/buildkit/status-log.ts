import type { BuildEvent, BuildVertex } from '@gantry/builder';
import type { control, Draft, gateway } from '@gantry/buildkit';
import type { LineRange } from '@gantry/dockerfile';
import { type BuildDefinition, buildFailureText } from './build-error.ts';

type Status = Draft<control.StatusResponse>;

/** Output of one step beyond it is left out, as in BuildKit. */
const longestStepLogBytes = 2 * 1024 ** 2;

/** Everything that a build has told, in BuildKit's form: whoever comes late reads it from the beginning. */
export class StatusLog {
  readonly #messages: Status[] = [];
  readonly #logBytes = new Map<string, number>();
  #wake = Promise.withResolvers<void>();
  #isOver = false;
  #definition: BuildDefinition | undefined;
  #definitionVertex = '';
  #failedLines: LineRange | undefined;
  #vertexes = new Map<string, BuildVertex>();
  #warnings = 0;

  /** The Dockerfile, once it was read. */
  get definition(): BuildDefinition | undefined {
    return this.#definition;
  }

  /** Of the instruction that failed first. */
  get failedLines(): LineRange | undefined {
    return this.#failedLines;
  }

  /** For the history: steps by what became of them. */
  counts(): { total: number; completed: number; cached: number; warnings: number } {
    const all = [...this.#vertexes.values()];
    const count = (is: (vertex: BuildVertex) => boolean): number => all.filter(is).length;
    return {
      total: all.length,
      completed: count(({ completedAt }) => completedAt !== undefined),
      cached: count(({ cached }) => cached),
      warnings: this.#warnings,
    };
  }

  take(event: BuildEvent): void {
    const message = this.#statusOf(event);
    if (message === undefined || this.#isOver) return;
    this.#messages.push(message);
    this.#wakeReaders();
  }

  /** Everything until now. */
  messages(): readonly Status[] {
    return this.#messages;
  }

  /** Nothing more comes. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Nothing more comes from here on. Idempotent. */
  end(): void {
    this.#isOver = true;
    this.#wakeReaders();
  }

  /** From the beginning to the end of the build. */
  async *read(signal: AbortSignal): AsyncGenerator<Status> {
    const gone = Promise.withResolvers<void>();
    const abort = (): void => gone.resolve();
    signal.addEventListener('abort', abort, { once: true });
    try {
      for (let next = 0; !signal.aborted; ) {
        const message = this.#messages[next];
        if (message !== undefined) {
          next += 1;
          yield message;
        } else if (this.#isOver) return;
        else await Promise.race([this.#wake.promise, gone.promise]);
      }
    } finally {
      signal.removeEventListener('abort', abort);
    }
  }

  #wakeReaders(): void {
    this.#wake.resolve();
    this.#wake = Promise.withResolvers();
  }

  #statusOf(event: BuildEvent): Status | undefined {
    switch (event.kind) {
      case 'definition':
        this.#definition = event;
        return undefined;
      case 'vertex':
        return this.#vertex(event.vertex);
      case 'log':
        return this.#log(event);
      case 'status': {
        const { status, vertex, startedAt, at } = event;
        const { id, current, total, completed } = status;
        const times = { timestamp: timestamp(at), started: timestamp(startedAt) };
        const over = completed ? { completed: timestamp(at) } : {};
        return { statuses: [{ id, vertex, current, total, ...times, ...over }] };
      }
      case 'warning':
        return this.#warning(event);
      case 'unused-arguments':
        return this.#note(
          `[Warning] One or more build-args ${JSON.stringify(event.names)} were not consumed`,
        );
      default:
        return undefined;
    }
  }

  #vertex(vertex: BuildVertex): Status {
    if (this.#definitionVertex === '') this.#definitionVertex = vertex.digest;
    if (vertex.error !== undefined) this.#failedLines ??= vertex.lines;
    this.#vertexes.set(vertex.digest, vertex);
    const { digest, name, inputs, startedAt, completedAt, cached, error } = vertex;
    const told = {
      digest,
      name,
      inputs,
      cached,
      started: timestamp(startedAt),
      ...(completedAt && { completed: timestamp(completedAt) }),
      ...(error !== undefined && { error: buildFailureText(error) }),
    };
    return { vertexes: [told] };
  }

  #log({ vertex, stream, data, at }: Extract<BuildEvent, { kind: 'log' }>): Status | undefined {
    const before = this.#logBytes.get(vertex) ?? 0;
    if (before > longestStepLogBytes) return undefined;
    const after = before + data.length;
    this.#logBytes.set(vertex, after);
    const clipped = after > longestStepLogBytes;
    const msg = clipped ? Buffer.from('[output clipped, log limit 2MiB reached]\n') : Buffer.from(data);
    return { logs: [{ vertex, timestamp: timestamp(at), stream, msg }] };
  }

  #warning({ warning }: Extract<BuildEvent, { kind: 'warning' }>): Status {
    this.#warnings += 1;
    const { name, message, description, url, lines } = warning;
    const { definition } = this;
    return {
      warnings: [
        {
          vertex: this.#definitionVertex,
          level: 1,
          short: Buffer.from(`${name}: ${message} (line ${lines.first})`),
          detail: [Buffer.from(description)],
          url,
          ...(definition && {
            info: { filename: definition.name, data: definition.bytes, language: 'Dockerfile' },
          }),
          ranges: [{ start: { line: lines.first }, end: { line: lines.last } }],
        },
      ],
    };
  }

  /** A client's own. */
  warn(warning: gateway.WarnRequest): void {
    const { digest: vertex, level, short, detail, url, info, ranges } = warning;
    this.#warnings += 1;
    this.#messages.push({ warnings: [{ vertex, level, short, detail, url, info, ranges }] });
    this.#wakeReaders();
  }

  #note(text: string): Status {
    return { warnings: [{ vertex: this.#definitionVertex, level: 1, short: Buffer.from(text) }] };
  }
}

/** A moment as messages have it. */
export function timestamp(date: Date): { seconds: number; nanos: number } {
  const ms = date.getTime();
  const seconds = Math.floor(ms / 1000);
  return { seconds, nanos: (ms - seconds * 1000) * 1_000_000 };
}
