import { type Clock, errorKind, errorMessage, type Logger, Semaphore } from '@gantry/base';
import type { RemoteRepository } from '@gantry/distribution';
import { isDigest, parseDigest } from '@gantry/oci';
import type { RegistryMetrics } from '../events/metrics/registry-metrics.ts';
import { RemoteRegistry } from '../remote/remote-registry.ts';
import { QuotaExceededError } from '../rules/errors.ts';
import type { PushRules } from '../rules/push-rules.ts';
import { pages } from '../rules/quota-ledger.ts';
import type { RegistryStorage } from '../storage/registry-storage.ts';
import { SharedArrival } from './arriving-blob.ts';
import type { CacheSettings } from './cache-settings.ts';
import { UpstreamBlobGoneError, UpstreamUnavailableError } from './errors.ts';
import type { ArrivingBlob, PullThrough } from './pull-through.ts';

export interface PullThroughOptions {
  settings: readonly CacheSettings[];
  storage: RegistryStorage;
  /** Quotas hold for what is fetched too. */
  rules: PushRules;
  metrics?: RegistryMetrics;
  userAgent: string;
  clock: Clock;
  logger: Logger;
}

interface Upstream {
  settings: CacheSettings;
  remote: RemoteRegistry;
}

/** What the last look at the other registry gave. */
interface Look {
  endsAtMs: number;
  error?: unknown;
}

/** Whoever does not answer is not asked again for so long. */
const afterFailureMs = 30_000;
const maxLooks = 20_000;
const maxTransfers = 16;
const limit = 500;

/** Fetches from other registries what is asked for, once however many ask, and serves what it has while they are away. */
export class RegistryPullThrough implements PullThrough, AsyncDisposable {
  readonly #options: PullThroughOptions;
  readonly #upstreams: readonly Upstream[];
  readonly #looks = new Map<string, Look>();
  readonly #fetches = new Map<string, Promise<void>>();
  readonly #arrivals = new Map<string, SharedArrival>();
  readonly #closing = new AbortController();
  readonly #transfers = new Semaphore(maxTransfers);

  /** Throws `RegistryFileError` when a password cannot be read. */
  constructor(options: PullThroughOptions) {
    this.#options = options;
    this.#upstreams = options.settings.map((settings) => ({
      settings,
      remote: new RemoteRegistry(settings, options),
    }));
  }

  covers(repository: string): boolean {
    return this.#upstreamOf(repository) !== undefined;
  }

  async prepareManifest(repository: string, reference: string, signal?: AbortSignal): Promise<void> {
    const upstream = this.#upstreamOf(repository);
    if (upstream === undefined) return;
    const { storage, clock, metrics } = this.#options;
    const key = isDigest(reference) ? `${repository}@${reference}` : `${repository}:${reference}`;
    if (isDigest(reference) && storage.manifests.get(repository, reference) !== undefined) return;
    const look = this.#looks.get(key);
    // What retention took away is asked for again, however fresh.
    const isGone = look?.error === undefined && !this.#has(repository, reference);
    if (look === undefined || isGone || look.endsAtMs <= clock.now().getTime()) {
      await untilDone(this.#look(upstream, { repository, reference, key }), signal);
    } else metrics?.cacheRequest('hit');
    const { error } = this.#looks.get(key) ?? {};
    if (error instanceof QuotaExceededError) throw error;
    if (error !== undefined && errorKind(error) !== 'not-found' && !this.#has(repository, reference)) {
      throw new UpstreamUnavailableError(upstream.settings.registry, errorMessage(error), error);
    }
  }

  async fetchBlob(
    repository: string,
    digest: string,
    signal?: AbortSignal,
  ): Promise<ArrivingBlob | undefined> {
    const upstream = this.#upstreamOf(repository);
    const sizeBytes = this.#sizeOf(repository, digest);
    if (upstream === undefined || sizeBytes === undefined) return undefined;
    // Another repository may get the same bytes right now; they are not sent twice.
    await untilDone(Promise.allSettled(this.#othersOf(repository, digest)), signal);
    const arrival = this.#arrive(upstream, { repository, digest, sizeBytes });
    try {
      await untilDone(arrival.begun, signal);
      return arrival;
    } catch (error) {
      signal?.throwIfAborted();
      if (errorKind(error) === 'not-found') return undefined;
      if (error instanceof QuotaExceededError) throw error;
      throw new UpstreamUnavailableError(upstream.settings.registry, errorMessage(error), error);
    }
  }

  /** Ends what is under way; nothing half done stays. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    const transfers = [...this.#arrivals.values()].map(({ stored }) => stored);
    await Promise.allSettled([...this.#fetches.values(), ...transfers]);
    for (const { remote } of this.#upstreams) remote[Symbol.dispose]();
  }

  #upstreamOf(repository: string): Upstream | undefined {
    return this.#upstreams.find(
      ({ settings: { prefix } }) => prefix === '' || repository.startsWith(`${prefix}/`),
    );
  }

  #has(repository: string, reference: string): boolean {
    const { manifests, tags } = this.#options.storage;
    return isDigest(reference)
      ? manifests.get(repository, reference) !== undefined
      : tags.get(repository, reference) !== undefined;
  }

  /** One look for all who ask meanwhile. Does not reject: what was wrong is remembered for a while. */
  #look(upstream: Upstream, wanted: Wanted): Promise<void> {
    const known = this.#fetches.get(wanted.key);
    if (known !== undefined) return known;
    const fetching = this.#fetchManifest(upstream, wanted).finally(() => this.#fetches.delete(wanted.key));
    this.#fetches.set(wanted.key, fetching);
    return fetching;
  }

  async #fetchManifest(upstream: Upstream, { repository, reference, key }: Wanted): Promise<void> {
    const { clock, metrics, logger } = this.#options;
    const { tagLifetimeMs, timeoutMs, registry } = upstream.settings;
    try {
      const remote = await this.#remote(upstream, repository);
      const document = await remote.manifest(reference, {
        signal: AbortSignal.any([this.#closing.signal, AbortSignal.timeout(timeoutMs)]),
      });
      const isChanged =
        isDigest(reference) ||
        this.#options.storage.tags.get(repository, reference)?.digest !== document.digest;
      if (isChanged) await this.#store(repository, reference, document);
      this.#remember(key, { endsAtMs: clock.now().getTime() + tagLifetimeMs });
      metrics?.cacheRequest(isChanged ? 'fetched' : 'hit');
    } catch (error) {
      const isStale = this.#has(repository, reference);
      metrics?.cacheRequest(isStale ? 'stale' : 'failed');
      logger.warn('another registry was asked for a manifest in vain', {
        registry,
        repository,
        reference,
        isStale,
        reason: errorMessage(error),
      });
      this.#remember(key, { endsAtMs: clock.now().getTime() + afterFailureMs, error });
    }
  }

  async #store(
    repository: string,
    reference: string,
    { bytes, mediaType }: { bytes: Uint8Array; mediaType: string },
  ): Promise<void> {
    const { storage, rules } = this.#options;
    const named = isDigest(reference) ? { digest: reference } : { tag: reference };
    await storage.manifests.put(
      repository,
      { bytes, mediaType, isSparse: true, ...named },
      {
        inTransaction: ({ manifest: { digest, sizeBytes } }) =>
          rules.checkBlob({ repository, digest, sizeBytes }),
      },
    );
  }

  /** Stores a blob; what is stored already for another repository is not sent again, if the other registry has it in this one too. */
  async #receive(upstream: Upstream, { repository, digest: text, arrival }: Receiving): Promise<void> {
    const { storage, rules, metrics, logger } = this.#options;
    const digest = parseDigest(text);
    const { sizeBytes } = arrival;
    const { signal } = this.#closing;
    try {
      const remote = await this.#remote(upstream, repository);
      if (!(await remote.hasBlob(digest, { signal }))) throw new UpstreamBlobGoneError(repository, text);
      arrival.begin();
      const source = arrival.pass(remote.blob({ digest, size: sizeBytes }, { signal }));
      await storage.blobs.put(
        repository,
        { digest, sizeBytes, source },
        { inTransaction: () => rules.checkBlob({ repository, digest, sizeBytes }) },
      );
      metrics?.cacheRequest('fetched');
      arrival.settle();
    } catch (error) {
      metrics?.cacheRequest('failed');
      logger.warn('a blob of another registry did not come', {
        repository,
        digest,
        reason: errorMessage(error),
      });
      arrival.settle(error);
    }
  }

  #remote({ settings: { prefix }, remote }: Upstream, repository: string): Promise<RemoteRepository> {
    return remote.repository(prefix === '' ? repository : repository.slice(prefix.length + 1), 'pull');
  }

  /** Only what a manifest of the repository is made of is asked for; that says how long it is, too. */
  #sizeOf(repository: string, digest: string): number | undefined {
    const { storage } = this.#options;
    const manifests = pages(
      (after) => storage.manifests.list(repository, { after, limit }),
      (entry) => entry.digest,
    );
    for (const { references } of manifests) {
      const found = references.find((part) => part.digest === digest && part.role !== 'manifest');
      if (found !== undefined) return found.sizeBytes;
    }
    return undefined;
  }

  /** The transfer that is under way, or a new one. It goes on when whoever asked for it goes away. */
  #arrive(
    upstream: Upstream,
    { repository, digest, sizeBytes }: { repository: string; digest: string; sizeBytes: number },
  ): SharedArrival {
    const key = `${repository}@${digest}`;
    const known = this.#arrivals.get(key);
    if (known !== undefined) return known;
    const arrival = new SharedArrival({ sizeBytes, path: this.#options.storage.blobs.path(digest) });
    this.#arrivals.set(key, arrival);
    void this.#transfers
      .run(() => this.#receive(upstream, { repository, digest, arrival }))
      .finally(() => this.#arrivals.delete(key));
    return arrival;
  }

  #othersOf(repository: string, digest: string): Promise<void>[] {
    const own = `${repository}@${digest}`;
    const others = [...this.#arrivals].filter(([key]) => key !== own && key.endsWith(`@${digest}`));
    return others.map(([, { stored }]) => stored);
  }

  #remember(key: string, look: Look): void {
    this.#looks.delete(key);
    this.#looks.set(key, look);
    if (this.#looks.size <= maxLooks) return;
    const [oldest = ''] = this.#looks.keys();
    this.#looks.delete(oldest);
  }
}

interface Wanted {
  repository: string;
  reference: string;
  key: string;
}

interface Receiving {
  repository: string;
  digest: string;
  arrival: SharedArrival;
}

/** The work goes on for the others when one who waits goes away. */
async function untilDone(work: Promise<unknown>, signal: AbortSignal | undefined): Promise<void> {
  if (signal === undefined) {
    await work;
    return;
  }
  signal.throwIfAborted();
  const aborted = Promise.withResolvers<never>();
  const onAbort = (): void => aborted.reject(signal.reason as Error);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    await Promise.race([work, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
