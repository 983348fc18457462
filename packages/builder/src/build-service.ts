import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import type { Clock, Logger } from '@gantry/base';
import type { ResolvedImage } from '@gantry/images';
import { mountTable, umount } from '@gantry/kernel';
import type { Digest, Platform } from '@gantry/oci';
import type { MetadataStore } from '@gantry/state';
import type { BuildRequest, BuildResult } from './build-request.ts';
import type { BuilderDefaults, BuilderEnvironment, BuilderPorts } from './builder-environment.ts';
import { BuildCache, type CacheType, cacheId } from './cache/build-cache.ts';
import { CacheMounts } from './cache/cache-mounts.ts';
import { Downloads } from './cache/downloads.ts';
import { KeptDirectories } from './cache/kept-directories.ts';
import { KnownDigests } from './cache/known-digests.ts';
import { type CachePruning, cacheEntries, type PrunedCache, pruneCache } from './cache/prune-cache.ts';
import { ResultFiles } from './output/result-files.ts';
import { runBuild } from './run-build.ts';
import { isStepId, mountLayers } from './steps/layered-tree.ts';

export interface BuildServiceOptions {
  ports: BuilderPorts;
  defaults: BuilderDefaults;
  store: MetadataStore;
  /** Holds cache mounts and files of the moment. */
  directory: string;
  clock: Clock;
  logger: Logger;
}

/** One step in the cache, by the Engine API's names. */
export interface CacheUsage {
  ID: string;
  Type: CacheType;
  Description: string;
  InUse: boolean;
  Shared: boolean;
  /** Bytes of its layer's tar. */
  Size: number;
  CreatedAt: string;
  LastUsedAt: string;
  UsageCount: number;
}

/** Builds images from Dockerfiles. */
export class BuildService {
  readonly #environment: BuilderEnvironment;
  /** Is called when a build is over, however it ended. */
  onEnd: () => void = () => {};

  private constructor({ ports, defaults, store, directory, clock, logger }: BuildServiceOptions) {
    const cache = new BuildCache(store, clock);
    this.#environment = {
      ports,
      defaults,
      cache,
      downloads: new Downloads(store, cache),
      directories: new KeptDirectories(store, cache),
      digests: new KnownDigests(store),
      cacheMounts: new CacheMounts({ root: path.join(directory, 'cache-mounts'), store, clock }),
      making: new Map(),
      steps: new Set(),
      workDirectory: path.join(directory, 'work'),
      clock,
      logger: logger.child({ component: 'builder' }),
    };
  }

  /** Removes what steps of an earlier engine left: processes, file systems, files of the moment. */
  static async open(options: BuildServiceOptions): Promise<BuildService> {
    const service = new BuildService(options);
    const { workDirectory, ports } = service.#environment;
    await emptyWorkDirectory(workDirectory);
    await service.#environment.cacheMounts.clear();
    for (const id of ports.runtime.list().filter(isStepId)) await ports.runtime.remove(id);
    for (const id of (await ports.snapshots.list()).filter(isStepId)) await ports.snapshots.remove(id);
    return service;
  }

  /**
   * Builds for each platform and brings what was made to the outputs. An image appears whole, with its names; nothing is left when it
   * fails, but what was built is remembered. Throws `DockerfileError`, `InvalidBuildError`, `BuildCommandError`, and what its steps and
   * outputs throw.
   */
  async build(request: BuildRequest): Promise<BuildResult> {
    try {
      return await runBuild(this.#environment, request);
    } finally {
      this.onEnd();
    }
  }

  /** An image of this host, for a platform. Throws `ImageNotFoundError`. */
  image(reference: string, platform: Platform, signal: AbortSignal): Promise<ResolvedImage> {
    return this.#environment.ports.images.resolve(reference, { platform, signal });
  }

  /** The files of an image that was built; the caller disposes. Throws `ImageNotFoundError`, and what mounting throws. */
  async openFiles(image: string): Promise<ResultFiles> {
    const { layers } = await this.#environment.ports.images.resolve(image);
    return new ResultFiles(await mountLayers(this.#environment, layers));
  }

  /** Ids of the file systems and processes of steps that are under way. */
  activeSteps(): ReadonlySet<string> {
    return this.#environment.steps;
  }

  /** The cache, an entry for each step and each cache mount, as `docker system df -v` shows it. */
  async cacheUsage(): Promise<CacheUsage[]> {
    const { cache, cacheMounts } = this.#environment;
    return (await cacheEntries(cache, cacheMounts)).map(({ key, entry }) => ({
      ID: cacheId(key),
      Type: entry.type,
      Description: entry.description,
      InUse: entry.inUse,
      Shared: false,
      Size: entry.sizeBytes,
      CreatedAt: entry.createdAt,
      LastUsedAt: entry.usedAt,
      UsageCount: entry.uses,
    }));
  }

  /** Forgets steps, whose layers go with the next collection of garbage, and removes cache mounts. */
  pruneCache(pruning: CachePruning): Promise<PrunedCache> {
    return pruneCache(this.#environment, pruning);
  }

  /** Layers that the cache needs. */
  retainedLayers(): Digest[] {
    return this.#environment.cache.layers();
  }
}

/** Whatever a crash left mounted there goes first. */
async function emptyWorkDirectory(directory: string): Promise<void> {
  const within = mountTable().filter(({ target }) => target.startsWith(`${directory}/`));
  for (const { target } of within.toReversed()) await umount(target, { detach: true });
  await rm(directory, { recursive: true, force: true });
  await mkdir(directory, { recursive: true, mode: 0o700 });
}
