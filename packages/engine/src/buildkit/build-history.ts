import { BoundedQueue, type Clock, EngineError } from '@gantry/base';
import { control, type Draft, decodeMessage, encodeMessage } from '@gantry/buildkit';
import type { Collection, MetadataStore } from '@gantry/state';
import type { BuildJob } from './build-job.ts';
import { timestamp } from './status-log.ts';

/** A build as it is remembered; its status are encoded messages in base64. */
interface StoredBuild {
  frontend: string;
  frontendAttributes: Record<string, string>;
  exporters: { type: string; attributes: Record<string, string> }[];
  createdAt: string;
  completedAt: string;
  error?: { code: number; message: string };
  response: Record<string, string>;
  pinned: boolean;
  counts: { total: number; completed: number; cached: number; warnings: number };
  status: string[];
}

/** How a build ended. */
export interface BuildOutcome {
  readonly response: ReadonlyMap<string, string>;
  readonly error?: { readonly code: number; readonly message: string };
}

type Event = Draft<control.BuildHistoryEvent>;

/** A filter of the history: clients filter by themselves. */
export class HistoryFilterError extends EngineError {
  override readonly name = 'HistoryFilterError';
  constructor(filter: string) {
    super(
      'not-implemented',
      'build-history-filter',
      `the filter ${JSON.stringify(filter)} of the history is not supported yet`,
    );
  }
}

/** Builds that are remembered when nobody has pinned them, and status of one of them, in bytes of its messages. */
const mostBuilds = 50;
const longestStatusBytes = 1024 ** 2;
/** Events that a reader may be behind. */
const readerBacklog = 1000;

/** The builds that are over, by their references, and who wants to hear of builds. */
export class BuildHistory {
  readonly #builds: Collection<StoredBuild>;
  readonly #clock: Clock;
  readonly #active = new Map<string, { job: BuildJob; createdAt: Date }>();
  readonly #readers = new Set<BoundedQueue<Event>>();

  constructor(store: MetadataStore, clock: Clock) {
    this.#builds = store.collection<StoredBuild>('build-history', { version: 1 });
    this.#clock = clock;
  }

  begin(job: BuildJob): void {
    if (job.request.internal) return;
    this.#active.set(job.ref, { job, createdAt: this.#clock.now() });
    this.#tell({ type: control.BuildHistoryEventType.started, record: this.#activeRecord(job.ref) });
  }

  complete(job: BuildJob, { response, error }: BuildOutcome): void {
    const active = this.#active.get(job.ref);
    if (active === undefined) return;
    this.#active.delete(job.ref);
    const { frontend, frontendAttrs, exporters } = described(job);
    this.#builds.put(job.ref, {
      frontend,
      frontendAttributes: Object.fromEntries(frontendAttrs),
      exporters: exporters.map(({ type, attrs }) => ({ type, attributes: Object.fromEntries(attrs) })),
      createdAt: active.createdAt.toISOString(),
      completedAt: this.#clock.now().toISOString(),
      ...(error && { error: { ...error } }),
      response: Object.fromEntries(response),
      pinned: false,
      counts: job.status.counts(),
      status: boundedStatus(job),
    });
    this.#forgetOldest();
    this.#tell({ type: control.BuildHistoryEventType.complete, record: this.#record(job.ref) });
  }

  /** What a build that is over has told; undefined for one that nobody remembers. */
  status(ref: string): control.StatusResponse[] | undefined {
    const messages = this.#builds.get(ref)?.status;
    return messages?.map((text) => decodeMessage(control.StatusResponse, Buffer.from(text, 'base64')));
  }

  /** What there is, newest first, and then what comes, unless the request wants no more. Throws `HistoryFilterError`. */
  async *listen(
    { ref, activeOnly, earlyExit, filter, limit }: control.BuildHistoryRequest,
    signal: AbortSignal,
  ): AsyncGenerator<Event> {
    const [unknown] = filter;
    if (unknown !== undefined) throw new HistoryFilterError(unknown);
    const queue = new BoundedQueue<Event>(readerBacklog);
    const end = (): void => queue.end();
    signal.addEventListener('abort', end, { once: true });
    if (!earlyExit) this.#readers.add(queue);
    try {
      const known = this.#known(activeOnly).filter(({ record }) => ref === '' || record?.ref === ref);
      yield* limit > 0 ? known.slice(0, limit) : known;
      if (earlyExit) return;
      for await (const event of queue) if (ref === '' || event.record?.ref === ref) yield event;
    } finally {
      this.#readers.delete(queue);
      signal.removeEventListener('abort', end);
    }
  }

  /** Pins, unpins or forgets a build. Throws when nobody remembers it. */
  update({ ref, pinned, delete: isDeleted }: control.UpdateBuildHistoryRequest): void {
    const build = this.#builds.get(ref);
    if (build === undefined)
      throw new EngineError(
        'not-found',
        'build-record-not-found',
        `failed to retrieve ref ${JSON.stringify(ref)}: not found`,
      );
    if (!isDeleted) {
      this.#builds.put(ref, { ...build, pinned });
      return;
    }
    this.#builds.delete(ref);
    this.#tell({ type: control.BuildHistoryEventType.deleted, record: { ref } });
  }

  #known(activeOnly: boolean): Event[] {
    const active = [...this.#active.keys()].map((ref) => ({
      type: control.BuildHistoryEventType.started,
      record: this.#activeRecord(ref),
    }));
    if (activeOnly) return active;
    const over = this.#builds
      .entries()
      .toSorted((a, b) => (a.document.createdAt < b.document.createdAt ? 1 : -1))
      .map(({ key }) => ({ type: control.BuildHistoryEventType.complete, record: this.#record(key) }));
    return [...active, ...over];
  }

  #tell(event: Event): void {
    for (const reader of this.#readers) if (!reader.push(event)) reader.end();
  }

  #forgetOldest(): void {
    const builds = this.#builds.entries().filter(({ document }) => !document.pinned);
    const oldest = builds.toSorted((a, b) => (a.document.completedAt < b.document.completedAt ? -1 : 1));
    for (const { key } of oldest.slice(0, Math.max(0, builds.length - mostBuilds))) this.#builds.delete(key);
  }

  #activeRecord(ref: string): NonNullable<Event['record']> {
    const active = this.#active.get(ref);
    if (active === undefined) return { ref };
    return { ref, ...described(active.job), createdAt: timestamp(active.createdAt) };
  }

  #record(ref: string): NonNullable<Event['record']> {
    const build = this.#builds.get(ref);
    if (build === undefined) return { ref };
    const { frontend, exporters, error, response, pinned, counts } = build;
    return {
      ref,
      frontend,
      frontendAttrs: new Map(Object.entries(build.frontendAttributes)),
      exporters: exporters.map(({ type, attributes }) => ({
        type,
        attrs: new Map(Object.entries(attributes)),
      })),
      ...(error && { error }),
      createdAt: timestamp(new Date(build.createdAt)),
      completedAt: timestamp(new Date(build.completedAt)),
      exporterResponse: new Map(Object.entries(response)),
      pinned,
      numCachedSteps: counts.cached,
      numTotalSteps: counts.total,
      numCompletedSteps: counts.completed,
      numWarnings: counts.warnings,
    };
  }
}

/** A build that its client drives says what it is by what the client asks of the frontend. */
function described(job: BuildJob): {
  frontend: string;
  frontendAttrs: ReadonlyMap<string, string>;
  exporters: readonly control.Exporter[];
} {
  const { frontend, frontendAttrs, exporters } = job.request;
  return {
    frontend: frontend || 'dockerfile.v0',
    frontendAttrs: job.frontendAttributes ?? frontendAttrs,
    exporters,
  };
}

/** Beyond the bound only steps are kept, and no output. */
function boundedStatus({ status }: BuildJob): string[] {
  let bytes = 0;
  return status.messages().flatMap((message) => {
    const encoded = encodeMessage(control.StatusResponse, message);
    bytes += encoded.length;
    if (bytes > longestStatusBytes && message.vertexes === undefined) return [];
    return [encoded.toString('base64')];
  });
}
