import type { Digest } from '@gantry/oci';
import type { CacheLocation } from '../../build-request.ts';
import type { BuilderPorts } from '../../builder-environment.ts';
import { InvalidBuildError } from '../../errors.ts';
import type { BuildProgress } from '../../progress/build-progress.ts';
import type { Keep } from '../../steps/layers.ts';
import type { CachedStep } from '../build-cache.ts';
import type { RemoteStep } from './cache-document.ts';
import { type CachePlaces, openCachePlace } from './cache-place.ts';
import { exportCache } from './export-cache.ts';
import { ImportedCache } from './imported-cache.ts';

export interface OutsideCachesOptions {
  readonly ports: Pick<BuilderPorts, 'content' | 'snapshots' | 'registries'>;
  readonly places: CachePlaces;
  readonly progress: BuildProgress;
  readonly keep: Keep;
  readonly signal: AbortSignal;
}

/** The caches outside of the engine that one build reads, and the steps of it that one may write. */
export class OutsideCaches {
  readonly #options: OutsideCachesOptions;
  readonly #imports: ImportedCache[] = [];
  readonly #used = new Map<string, RemoteStep>();

  constructor(options: OutsideCachesOptions) {
    this.#options = options;
  }

  /** A cache that cannot be read is told of, and fails nothing: that of a first build is not there. Throws for a type that is not built. */
  async import(locations: readonly CacheLocation[]): Promise<void> {
    const { places, progress, signal } = this.#options;
    for (const location of locations) {
      const name = location.attributes.get('ref') ?? location.attributes.get('src') ?? location.type;
      const place = await openCachePlace(location, places, { action: 'pull', signal });
      const step = progress.step(`importing cache manifest from ${name}`);
      try {
        this.#imports.push(await ImportedCache.open(place, signal));
        step.done();
      } catch (error) {
        signal.throwIfAborted();
        step.fail(error);
      }
    }
  }

  /** Brings a step in that one of the caches has; the next has its turn when one is damaged. Undefined when none has it. */
  async fetch(key: string): Promise<RemoteStep | undefined> {
    const { ports, keep, signal } = this.#options;
    for (const cache of this.#imports) {
      const step = cache.find(key);
      if (step === undefined) continue;
      try {
        if (step.layer !== undefined) await cache.fetch(ports, step.layer, { keep, signal });
        return step;
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

  /**
   * Writes the steps of the build (`mode=max`), or those of what it results in (`min`, when not said), to each place. Returns what
   * clients are told. Throws unless `ignore-error=true`.
   */
  async export(
    locations: readonly CacheLocation[],
    resultLayers: ReadonlySet<Digest>,
  ): Promise<Readonly<Record<string, string>>> {
    const { places, ports, progress, keep, signal } = this.#options;
    let told: Record<string, string> = {};
    for (const location of locations) {
      const mode = location.attributes.get('mode') ?? 'min';
      if (mode !== 'min' && mode !== 'max') throw new InvalidBuildError(`invalid cache mode: ${mode}`);
      const steps = [...this.#used.values()].filter(
        ({ layer }) => mode === 'max' || layer === undefined || resultLayers.has(layer.diffId),
      );
      const place = await openCachePlace(location, places, { action: 'push', signal });
      try {
        const descriptor = await progress
          .step('exporting cache')
          .do(() => exportCache(ports, place, { steps, keep, signal }));
        if (location.type === 'local') told = { ...told, 'cache.manifest': JSON.stringify(descriptor) };
      } catch (error) {
        signal.throwIfAborted();
        if (location.attributes.get('ignore-error') !== 'true') throw error;
      }
    }
    return told;
  }
}
