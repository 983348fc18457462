import { type Clock, errorMessage, faultPoint, type Logger } from '@gantry/base';
import type { Collection } from '@gantry/state';
import type { RegistryMetrics } from '../events/metrics/registry-metrics.ts';
import type { EventConsumer } from '../events/open-events.ts';
import type { OutboxReader } from '../events/outbox/outbox.ts';
import type { RegistryEvent } from '../events/registry-event.ts';
import { matchesAny } from '../patterns/name-pattern.ts';
import { RemoteRegistry } from '../remote/remote-registry.ts';
import { pages } from '../rules/quota-ledger.ts';
import type { RegistryStorage } from '../storage/registry-storage.ts';
import { copyManifest, type ManifestCopy } from './copy-manifest.ts';
import type { ReplicationSettings } from './replication-settings.ts';

export interface ReplicatorOptions {
  settings: ReplicationSettings;
  storage: RegistryStorage;
  metrics?: RegistryMetrics;
  userAgent: string;
  clock: Clock;
  logger: Logger;
}

interface ProgressRecord {
  /** Of what was here before the target was configured: the last tag that was sent; `undefined` once all were. */
  at?: { repository: string; tag: string };
  isDone: boolean;
}

const firstPauseMs = 1000;
const longestPauseMs = 300_000;
/** With pauses up to five minutes: most of a day. */
const maxTries = 200;
const limit = 500;

/**
 * Keeps another registry up to date: first it sends the tags that are here, then what is pushed, in order. Where it stopped, by a
 * failure or a `kill -9`, it goes on; blobs that are there are not sent again.
 */
export class Replicator implements EventConsumer, Disposable {
  readonly name: string;
  readonly #options: ReplicatorOptions;
  readonly #remote: RemoteRegistry;
  readonly #progress: Collection<ProgressRecord>;

  /** Throws `RegistryFileError` when the password cannot be read. */
  constructor(options: ReplicatorOptions) {
    this.name = `replication ${options.settings.name}`;
    this.#options = options;
    this.#remote = new RemoteRegistry(options.settings, options);
    this.#progress = options.storage.metadata.collection('registry-replication', { version: 1 });
  }

  async run(reader: OutboxReader, signal: AbortSignal): Promise<void> {
    await this.#sendPresent(signal);
    for (;;) {
      for (const event of await reader.next(signal)) {
        if (this.#wants(event)) await this.#send(copyOf(event), signal);
        reader.acknowledge(event);
        faultPoint('replicate/acknowledged');
      }
    }
  }

  [Symbol.dispose](): void {
    this.#remote[Symbol.dispose]();
  }

  #wants({ action, repository, digest, mediaType, tag }: RegistryEvent): boolean {
    const isManifest = action === 'push' && digest !== undefined && mediaType !== undefined;
    return isManifest && this.#matches(repository, tag);
  }

  #matches(repository: string, tag: string | undefined): boolean {
    const { repositories, tags } = this.#options.settings;
    return (
      matchesAny(repositories, repository) &&
      (tags === undefined || (tag !== undefined && matchesAny(tags, tag)))
    );
  }

  /** What was here before; once. */
  async #sendPresent(signal: AbortSignal): Promise<void> {
    const { storage } = this.#options;
    const { at, isDone } = this.#progress.get(this.name) ?? { isDone: false };
    if (isDone) return;
    for (const { name } of pages(
      (after) => storage.repositories.list({ after, limit }),
      (entry) => entry.name,
    )) {
      if (at !== undefined && name < at.repository) continue;
      const first = at?.repository === name ? at.tag : undefined;
      const tags = pages(
        (after) => storage.tags.list(name, { after: after ?? first, limit }),
        (entry) => entry.tag,
      );
      for (const { tag, digest } of tags) {
        if (!this.#matches(name, tag)) continue;
        await this.#send({ repository: name, digest, tag }, signal);
        this.#progress.put(this.name, { at: { repository: name, tag }, isDone: false });
      }
    }
    this.#progress.put(this.name, { isDone: true });
  }

  async #send(copy: ManifestCopy, signal: AbortSignal): Promise<void> {
    const { settings, storage, clock, logger, metrics } = this.#options;
    const fields = {
      replication: settings.name,
      repository: copy.repository,
      digest: copy.digest,
      tag: copy.tag,
    };
    for (let count = 1; ; count += 1) {
      try {
        const path = settings.prefix === '' ? copy.repository : `${settings.prefix}/${copy.repository}`;
        const remote = await this.#remote.repository(path, 'push');
        const isSent = await copyManifest(storage, remote, copy, signal);
        metrics?.replication(settings.name, true);
        logger.info(isSent ? 'replicated' : 'gone before it was replicated', fields);
        return;
      } catch (error) {
        signal.throwIfAborted();
        metrics?.replication(settings.name, false);
        const failure = { ...fields, tries: count, reason: errorMessage(error) };
        if (count >= maxTries) return logger.error('not replicated: given up', failure);
        if (count === 1) logger.warn('not replicated; it is tried again', failure);
        await clock.sleep(Math.min(firstPauseMs * 2 ** (count - 1), longestPauseMs), signal);
      }
    }
  }
}

function copyOf({ repository, digest = '', tag }: RegistryEvent): ManifestCopy {
  return { repository, digest, tag };
}
