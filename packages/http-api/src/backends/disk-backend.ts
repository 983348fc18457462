import type {
  BuildPruneResponse,
  ContainerPruneResponse,
  Filters,
  ImagePruneResponse,
  NetworkPruneResponse,
  SystemDataUsageResponse,
  VolumePruneResponse,
} from '@gantry/api-types';

export type DiskUsageKind = 'container' | 'image' | 'volume' | 'build-cache';

/** Something that does not fit the rest of what the engine keeps. */
export interface EngineProblem {
  Kind: 'container' | 'image' | 'volume' | 'network' | 'mount' | 'cgroup' | 'store';
  /** Id, name or digest. */
  Object: string;
  Fact: string;
  Repaired: boolean;
}

/**
 * What takes space, and how to get it back. Every prune removes only what nothing uses at that moment; one that runs while
 * another of its kind does throws conflict, an unknown filter invalid. What was removed before a failure stays removed.
 */
export interface DiskBackend {
  /** Checks all that is kept against each other, and puts right what is left of nothing. Ours, not Docker's. */
  check(options: { repair: boolean }): Promise<EngineProblem[]>;
  /** Only of the kinds asked for; sizes are counted afresh. */
  usage(kinds: ReadonlySet<DiskUsageKind>): Promise<SystemDataUsageResponse>;
  /** Containers that do not run. Filters: until, label, label!. */
  pruneContainers(filters: Filters): Promise<Required<ContainerPruneResponse>>;
  /** Images without a name; with `dangling=false` all that no container uses. Filters: dangling, until, label, label!. */
  pruneImages(filters: Filters): Promise<Required<ImagePruneResponse>>;
  /** Anonymous volumes; with `all=true` named ones too. Filters: all, label, label!. */
  pruneVolumes(filters: Filters): Promise<Required<VolumePruneResponse>>;
  /** Networks that users made and nobody is on. Filters: until, label, label!. */
  pruneNetworks(filters: Filters): Promise<Required<NetworkPruneResponse>>;
  /** What `docker system prune` ends with. Filters: Docker's of the build cache. */
  pruneBuildCache(filters: Filters, options: BuildPruneOptions): Promise<Required<BuildPruneResponse>>;
}

export interface BuildPruneOptions {
  /** What is still referred to, too. */
  all: boolean;
  /** Bytes by Docker's name: `keep-storage`, `reserved-space`, `max-used-space`, `min-free-space`. */
  bounds: ReadonlyMap<string, number>;
}
