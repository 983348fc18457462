import { type Clock, errorMessage, faultPoint, type Logger } from '@gantry/base';
import type { EventSink, NewRegistryEvent } from '../events/registry-event.ts';
import { immutablePattern } from '../rules/configured-rules.ts';
import { pages } from '../rules/quota-ledger.ts';
import type { RuleSettings } from '../rules/rule-settings.ts';
import type { RegistryStorage } from '../storage/registry-storage.ts';
import type { TagInfo } from '../storage/tags.ts';
import { planRetention, type RetentionPlan } from './plan-retention.ts';
import type { RetentionSettings } from './retention-settings.ts';

export interface RetentionOptions {
  settings: RetentionSettings;
  rules: Pick<RuleSettings, 'immutableTags'>;
  storage: RegistryStorage;
  events: EventSink;
  clock: Clock;
  logger: Logger;
}

/** What went, or would go, of one repository. */
export interface RetentionResult extends RetentionPlan {
  repository: string;
}

/** The registry's own doing. */
export const ownActor = 'gantry-registry';
const limit = 500;

/** Removes what the rules do not keep, now and then. The bytes go with the next garbage collection. */
export class RetentionRunner {
  readonly #options: RetentionOptions;
  #running: Promise<RetentionResult[]> | undefined;

  constructor(options: RetentionOptions) {
    this.#options = options;
  }

  /** Until `signal` aborts; resolves then. */
  async repeat(signal: AbortSignal): Promise<void> {
    const { settings, clock, logger } = this.#options;
    while (!signal.aborted) {
      await clock.sleep(settings.intervalMs, signal).catch(() => {});
      if (signal.aborted) return;
      await this.run().catch((error: unknown) =>
        logger.error('retention failed', { reason: errorMessage(error) }),
      );
    }
  }

  /** Looks at every repository and removes what may go. Whoever asks while one runs gets its result. */
  run(): Promise<RetentionResult[]> {
    this.#running ??= this.#run().finally(() => (this.#running = undefined));
    return this.#running;
  }

  /** What `run` would remove now. */
  plan(): RetentionResult[] {
    return this.#repositories()
      .map((repository) => ({ repository, ...this.#planFor(repository) }))
      .filter(({ tags, manifests }) => tags.length + manifests.length > 0);
  }

  async #run(): Promise<RetentionResult[]> {
    const results: RetentionResult[] = [];
    for (const repository of this.#repositories()) {
      const pushedAt = new Map(this.#tags(repository).map((tag) => [tag.tag, tag.pushedAt]));
      const { tags, manifests } = this.#planFor(repository);
      const result = {
        repository,
        tags: await this.#removeTags(repository, tags, pushedAt),
        manifests: await this.#removeManifests(repository, manifests),
      };
      if (result.tags.length + result.manifests.length > 0) results.push(result);
    }
    const count = results.reduce((sum, { tags, manifests }) => sum + tags.length + manifests.length, 0);
    this.#options.logger.info('retention ran', { repositories: results.length, removed: count });
    return results;
  }

  /** A tag that was pushed again meanwhile is another one: it stays. */
  async #removeTags(
    repository: string,
    tags: readonly string[],
    pushedAt: ReadonlyMap<string, string>,
  ): Promise<string[]> {
    const { storage, events } = this.#options;
    const removed: string[] = [];
    for (const tag of tags) {
      if (storage.tags.get(repository, tag)?.pushedAt !== pushedAt.get(tag)) continue;
      const isGone = await storage.tags.remove(repository, tag, {
        inTransaction: ({ digest }) => events.publish(eventOf({ repository, digest, tag })),
      });
      faultPoint('retention/tag-removed');
      if (isGone) removed.push(tag);
    }
    return removed;
  }

  async #removeManifests(repository: string, digests: readonly string[]): Promise<string[]> {
    const { storage, events, logger } = this.#options;
    const removed: string[] = [];
    for (const digest of digests) {
      if (storage.manifests.tagsOf(repository, digest).length > 0) continue;
      try {
        const isGone = await storage.manifests.remove(repository, digest, {
          inTransaction: ({ manifest: { mediaType, sizeBytes } }) =>
            events.publish(eventOf({ repository, digest, mediaType, sizeBytes })),
        });
        faultPoint('retention/manifest-removed');
        if (isGone) removed.push(digest);
      } catch (error) {
        // Somebody pushed an index of it meanwhile.
        logger.info('a manifest stays', { repository, digest, reason: errorMessage(error) });
      }
    }
    return removed;
  }

  #planFor(repository: string): RetentionPlan {
    const { settings, rules, storage, clock } = this.#options;
    const tags = this.#tags(repository);
    const manifests = [
      ...pages(
        (after) => storage.manifests.list(repository, { after, limit }),
        (entry) => entry.digest,
      ),
    ];
    return planRetention(
      { repository, tags, manifests },
      {
        rules: settings.rules,
        now: clock.now(),
        isImmutable: (tag) => immutablePattern(rules, repository, tag) !== undefined,
      },
    );
  }

  #tags(repository: string): TagInfo[] {
    return [
      ...pages(
        (after) => this.#options.storage.tags.list(repository, { after, limit }),
        (entry) => entry.tag,
      ),
    ];
  }

  #repositories(): string[] {
    const { storage } = this.#options;
    return [
      ...pages(
        (after) => storage.repositories.list({ after, limit }),
        (entry) => entry.name,
      ),
    ].map(({ name }) => name);
  }
}

function eventOf(about: Partial<NewRegistryEvent> & Pick<NewRegistryEvent, 'repository'>): NewRegistryEvent {
  return { action: 'delete', actor: ownActor, remoteAddress: '', userAgent: '', requestId: '', ...about };
}
