import type {
  BuildPruneResponse,
  ContainerPruneResponse,
  ContainerSummary,
  Filters,
  ImagePruneResponse,
  ImageSummary,
  NetworkPruneResponse,
  SystemDataUsageResponse,
  VolumePruneResponse,
} from '@gantry/api-types';
import type { Clock, Logger } from '@gantry/base';
import type { BuildService } from '@gantry/builder';
import type { ContainerService, EventHub } from '@gantry/containers';
import type {
  BuildPruneOptions,
  DiskBackend,
  DiskUsageKind,
  EngineProblem,
  VolumeBackend,
} from '@gantry/http-api';
import type { LocalImageStore } from '@gantry/images';
import { fileSystemOf } from '@gantry/kernel';
import type { Snapshotter } from '@gantry/snapshots';
import type { VolumeStore } from '@gantry/volumes';
import { type Consistency, checkEngine, repairEngine } from '../fsck/check-engine.ts';
import type { Problem } from '../fsck/problem.ts';
import { publishRemovals } from '../image-view.ts';
import type { CachePolicy } from './cache-policies.ts';
import { type CacheBounds, cachePruning } from './cache-pruning.ts';
import { Exclusive, PruneRunningError } from './exclusive.ts';
import { type NetworkPruning, pruneNetworks } from './prune-networks.ts';
import { pruneVolumes } from './prune-volumes.ts';
import { takesSpace, volumeUsage } from './volume-usage.ts';

export interface DiskSources {
  containers: ContainerService;
  images: LocalImageStore;
  snapshots: Pick<Snapshotter, 'layers'>;
  builds: Pick<BuildService, 'cacheUsage' | 'pruneCache'>;
  volumes: VolumeStore;
  volumeView: Pick<VolumeBackend, 'remove'>;
  networks: Pick<NetworkPruning, 'controller' | 'service'>;
  events: EventHub;
  consistency: Consistency;
  dataRoot: string;
  clock: Clock;
  logger: Logger;
}

/** Docker's `BuildPruneResponse`. */
interface PrunedBytes {
  CachesDeleted: string[];
  SpaceReclaimed: number;
}

type PruneKind = 'builder' | 'container' | 'image' | 'volume' | 'network';

/** `docker system df` and every prune. Each prune ends with Docker's event of that name. */
export class DiskService implements DiskBackend {
  readonly #sources: DiskSources;
  readonly #prunes = new Exclusive<PruneKind>();
  /** Settled unless the build cache is being collected. */
  #collecting: Promise<unknown> = Promise.resolve();

  constructor(sources: DiskSources) {
    this.#sources = sources;
  }

  async check({ repair }: { repair: boolean }): Promise<EngineProblem[]> {
    const { consistency } = this.#sources;
    const problems = await checkEngine(consistency);
    const wire = (problem: Problem, Repaired: boolean): EngineProblem => ({
      Kind: problem.kind,
      Object: problem.object,
      Fact: problem.fact,
      Repaired,
    });
    if (!repair || problems.length === 0) return problems.map((problem) => wire(problem, false));
    await repairEngine(consistency, problems);
    const left = new Set((await checkEngine(consistency)).map((problem) => JSON.stringify(problem)));
    return problems.map((problem) => wire(problem, !left.has(JSON.stringify(problem))));
  }

  async usage(kinds: ReadonlySet<DiskUsageKind>): Promise<SystemDataUsageResponse> {
    const { snapshots } = this.#sources;
    const [images, layers, containers, volumes] = await Promise.all([
      kinds.has('image') ? this.#images() : undefined,
      kinds.has('image') ? snapshots.layers() : undefined,
      kinds.has('container') ? this.#containers() : undefined,
      kinds.has('volume') ? this.#volumes() : undefined,
    ]);
    return {
      ...(layers && { LayersSize: layers.reduce((sum, layer) => sum + layer.sizeBytes, 0) }),
      ...(images && { Images: images }),
      ...(containers && { Containers: containers }),
      ...(volumes && { Volumes: volumes }),
      ...(kinds.has('build-cache') && { BuildCache: await this.#sources.builds.cacheUsage() }),
    };
  }

  async pruneContainers(filters: Filters): Promise<Required<ContainerPruneResponse>> {
    return await this.#prunes.run('container', async () => {
      const { removed, reclaimedBytes } = await this.#sources.containers.prune(filters);
      this.#tell('container', reclaimedBytes);
      return { ContainersDeleted: [...removed], SpaceReclaimed: reclaimedBytes };
    });
  }

  async pruneImages(filters: Filters): Promise<Required<ImagePruneResponse>> {
    return await this.#prunes.run('image', async () => {
      const { images, events } = this.#sources;
      const { removed, reclaimedBytes } = await images.prune(filters);
      publishRemovals(events, removed);
      this.#tell('image', reclaimedBytes);
      return { ImagesDeleted: [...removed], SpaceReclaimed: reclaimedBytes };
    });
  }

  async pruneVolumes(filters: Filters): Promise<Required<VolumePruneResponse>> {
    return await this.#prunes.run('volume', async () => {
      const { volumes: store, volumeView: view, logger, clock } = this.#sources;
      const pruning = { store, view, logger, nowMs: clock.now().getTime() };
      const { removed, reclaimedBytes } = await pruneVolumes(pruning, filters);
      this.#tell('volume', reclaimedBytes);
      return { VolumesDeleted: [...removed], SpaceReclaimed: reclaimedBytes };
    });
  }

  async pruneNetworks(filters: Filters): Promise<Required<NetworkPruneResponse>> {
    return await this.#prunes.run('network', async () => {
      const { networks, logger, clock } = this.#sources;
      const pruning = { ...networks, logger, nowMs: clock.now().getTime() };
      const NetworksDeleted = await pruneNetworks(pruning, filters);
      this.#tell('network', 0);
      return { NetworksDeleted };
    });
  }

  /** Waits for a collection that the engine does by itself; throws `PruneRunningError` while somebody else prunes. */
  async pruneBuildCache(
    filters: Filters,
    { all, bounds }: BuildPruneOptions,
  ): Promise<Required<BuildPruneResponse>> {
    await this.#collecting;
    return await this.#prunes.run('builder', async () => {
      const pruned = await this.#pruneCache({ all, filters, ...boundsOf(bounds) });
      this.#tell('builder', pruned.SpaceReclaimed);
      return pruned;
    });
  }

  /** Removes of the build cache what is too much, rule by rule. Nothing while a prune is at work. */
  async collectBuildCache(policies: readonly CachePolicy[]): Promise<void> {
    const collection = this.#prunes.run('builder', async () => {
      for (const policy of policies) {
        const { CachesDeleted: gone, SpaceReclaimed: bytes } = await this.#pruneCache(policy);
        if (gone.length > 0)
          this.#sources.logger.info('the build cache was collected', { entries: gone.length, bytes });
      }
    });
    this.#collecting = collection.catch(() => {});
    await collection.catch((error: unknown) => {
      if (!(error instanceof PruneRunningError)) throw error;
    });
  }

  async #pruneCache({ all, filters, ...bounds }: CachePolicy): Promise<PrunedBytes> {
    const { builds, images, clock, dataRoot } = this.#sources;
    const kept = all ? new Set<string>() : await images.imageLayers();
    const freeBytes = (): number => fileSystemOf(dataRoot).availableBytes;
    const pruned = await builds.pruneCache(cachePruning(filters, bounds, { kept, freeBytes, clock }));
    const { layers, blobs } = await images.collectGarbage();
    const sizes = new Map(blobs.map(({ digest, sizeBytes }) => [digest as string, sizeBytes]));
    const gone = layers.filter((diffId) => pruned.layers.has(diffId));
    const reclaimedBytes = gone.reduce((sum, diffId) => sum + (sizes.get(diffId) ?? 0), pruned.mountBytes);
    return { CachesDeleted: [...pruned.keys], SpaceReclaimed: reclaimedBytes };
  }

  async #images(): Promise<ImageSummary[]> {
    const { images } = this.#sources;
    const [listed, space] = await Promise.all([
      images.list({ all: true, filters: new Map() }),
      images.space(),
    ]);
    const byId = new Map(space.map((share) => [share.id as string, share]));
    return listed.map((image) => {
      const share = byId.get(image.Id);
      return share === undefined
        ? image
        : { ...image, SharedSize: share.sharedBytes, Containers: share.containers };
    });
  }

  #containers(): Promise<ContainerSummary[]> {
    return this.#sources.containers.list({ all: true, size: true, filters: new Map() });
  }

  #volumes(): Promise<NonNullable<SystemDataUsageResponse['Volumes']>> {
    const { volumes, logger } = this.#sources;
    const counted = volumes.list().filter(takesSpace);
    return Promise.all(counted.map((volume) => volumeUsage(volume, logger)));
  }

  #tell(kind: PruneKind, reclaimedBytes: number): void {
    const attributes = { reclaimed: String(reclaimedBytes) };
    this.#sources.events.publish({ type: kind, action: 'prune', actorId: '', attributes });
  }
}

/** By the names of the Engine API; `keep-storage` is the older one of `reserved-space`. */
function boundsOf(given: ReadonlyMap<string, number>): CacheBounds {
  return {
    reservedBytes: given.get('reserved-space') ?? given.get('keep-storage') ?? 0,
    maxUsedBytes: given.get('max-used-space') ?? 0,
    minFreeBytes: given.get('min-free-space') ?? 0,
  };
}
