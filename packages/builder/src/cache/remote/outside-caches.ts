import type { Digest } from '@gantry/oci';
import type { CacheLocation } from '../../build-request.ts';
import type { BuilderPorts } from '../../builder-environment.ts';
import { BuildOptionNotBuiltError } from '../../errors.ts';
import type { BuildProgress } from '../../progress/build-progress.ts';
import type { Keep } from '../../steps/layers.ts';
import type { CachedStep } from '../build-cache.ts';
import { encodeRecords } from './cache-document.ts';
import { type CachePlaces, imageOfHost, openCachePlace } from './cache-place.ts';
import { exportCache, type UsedStep } from './export-cache.ts';
import { ImportedCache } from './imported-cache.ts';
import { readCacheTarget } from './read-cache-target.ts';

export interface OutsideCachesOptions {
  readonly ports: BuilderPorts;
  readonly places: CachePlaces;
  readonly progress: BuildProgress;
  readonly keep: Keep;
  readonly signal: AbortSignal;
}

/** A step that came from outside: when it was done, and its layer, which is here now. */
export type FetchedStep = Pick<CachedStep, 'description' | 'createdAt' | 'layer'>;

/** The caches outside of the engine that one build reads, and the steps of it that one may write. */
export class OutsideCaches {
  readonly #options: OutsideCachesOptions;
  readonly #imports: ImportedCache[] = [];
  readonly #used = new Map<string, UsedStep>();

  constructor(options: OutsideCachesOptions) {
    this.#options = options;
  }

  /**
   * A cache that cannot be read is told of, and fails nothing: that of a first build is not there. An image of this host comes before
   * the one of that name in a registry. Throws for a type that is not built.
   */
  async import(locations: readonly CacheLocation[]): Promise<void> {
    const { places, progress, signal } = this.#options;
    for (const location of locations) {
      const name = location.attributes.get('ref') ?? location.attributes.get('src') ?? location.type;
      const step = progress.step(`importing cache manifest from ${name}`);
      try {
        const cache =
          (await this.#inImage(location)) ??
          (await ImportedCache.open(
            await openCachePlace(location, places, { action: 'pull', signal }),
            signal,
          ));
        if (cache.size === 0) step.note('no steps of this builder are in it');
        this.#imports.push(cache);
        step.done();
      } catch (error) {
        signal.throwIfAborted();
        step.fail(error);
        if (error instanceof BuildOptionNotBuiltError) throw error;
      }
    }
  }

  /** Undefined when there is no such image on this host, or nothing in it. */
  async #inImage(location: CacheLocation): Promise<ImportedCache | undefined> {
    const { ports, signal } = this.#options;
    const place = await imageOfHost(location, ports);
    const cache = place && (await ImportedCache.open(place, signal));
    return cache !== undefined && cache.size > 0 ? cache : undefined;
  }

  /** Brings a step in that one of the caches has; the next has its turn when one is damaged. Undefined when none has it. */
  async fetch(key: string): Promise<FetchedStep | undefined> {
    const { ports, keep, signal } = this.#options;
    for (const cache of this.#imports) {
      const found = cache.find(key);
      if (found === undefined) continue;
      const { description, createdAt, diffId } = found;
      try {
        const layer = diffId && (await cache.fetch({ ports }, diffId, { keep, signal }));
        return { description, createdAt, ...(layer && { layer }) };
      } catch {
        signal.throwIfAborted();
      }
    }
    return undefined;
  }

  /** The build has used a step. */
  use(key: string, { description, createdAt, layer }: CachedStep): void {
    this.#used.set(key, { key, description, createdAt, ...(layer && { layer }) });
  }

  /** The steps that a result of these layers has, for the config of its image. */
  inline(layers: readonly Digest[]): string {
    const steps = this.#stepsOf(new Set(layers)).map(({ layer, ...step }) => ({
      ...step,
      ...(layer && { diffId: layer.diffId }),
    }));
    const places = new Map(layers.map((diffId, index) => [diffId, index]));
    return Buffer.from(JSON.stringify(encodeRecords(steps, places))).toString('base64');
  }

  /**
   * Writes the steps of the build (`mode=max`), or those of what it results in (`min`, when not said), to each place; those of an image's
   * own config stand there already. Returns what clients are told. Throws unless `ignore-error=true`.
   */
  async export(
    locations: readonly CacheLocation[],
    resultLayers: ReadonlySet<Digest>,
  ): Promise<Readonly<Record<string, string>>> {
    const { places, ports, progress, keep, signal } = this.#options;
    let told: Record<string, string> = {};
    for (const location of locations.filter(({ type }) => type !== 'inline')) {
      const { mode, ignoresErrors, form } = readCacheTarget(location);
      const steps = mode === 'max' ? [...this.#used.values()] : this.#stepsOf(resultLayers);
      try {
        const descriptor = await progress.step(`exporting cache to ${exportNames(location)}`).do(async () => {
          const place = await openCachePlace(location, places, { action: 'push', signal });
          return await exportCache(ports, place, { steps, form, keep, signal });
        });
        if (location.type === 'local') told = { ...told, 'cache.manifest': JSON.stringify(descriptor) };
      } catch (error) {
        signal.throwIfAborted();
        if (!ignoresErrors) throw error;
      }
    }
    return told;
  }

  /** The steps of a result: those without a layer are cheap, whatever they belong to. */
  #stepsOf(layers: ReadonlySet<Digest>): UsedStep[] {
    return [...this.#used.values()].filter(({ layer }) => layer === undefined || layers.has(layer.diffId));
  }
}

/** BuildKit's words. */
function exportNames({ type }: CacheLocation): string {
  return type === 'local' ? 'client directory' : type;
}
