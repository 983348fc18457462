import type {
  BuildPruneResponse,
  ContainerPruneResponse,
  Filters,
  ImagePruneResponse,
  NetworkPruneResponse,
  SystemDataUsageResponse,
  VolumePruneResponse,
} from '@gantry/api-types';
import type { DiskBackend, DiskUsageKind, EngineProblem } from '../src/index.ts';

/** A disk with nothing on it; keeps what it was asked. */
export class FakeDiskBackend implements DiskBackend {
  readonly asked: { what: string; filters: Filters }[] = [];

  async check(): Promise<EngineProblem[]> {
    return [];
  }

  async usage(kinds: ReadonlySet<DiskUsageKind>): Promise<SystemDataUsageResponse> {
    return {
      ...(kinds.has('image') && { LayersSize: 0, Images: [] }),
      ...(kinds.has('container') && { Containers: [] }),
      ...(kinds.has('volume') && { Volumes: [] }),
      ...(kinds.has('build-cache') && { BuildCache: [] }),
    };
  }

  async pruneContainers(filters: Filters): Promise<Required<ContainerPruneResponse>> {
    this.asked.push({ what: 'containers', filters });
    return { ContainersDeleted: [], SpaceReclaimed: 0 };
  }

  async pruneImages(filters: Filters): Promise<Required<ImagePruneResponse>> {
    this.asked.push({ what: 'images', filters });
    return { ImagesDeleted: [], SpaceReclaimed: 0 };
  }

  async pruneVolumes(filters: Filters): Promise<Required<VolumePruneResponse>> {
    this.asked.push({ what: 'volumes', filters });
    return { VolumesDeleted: [], SpaceReclaimed: 0 };
  }

  async pruneNetworks(filters: Filters): Promise<Required<NetworkPruneResponse>> {
    this.asked.push({ what: 'networks', filters });
    return { NetworksDeleted: [] };
  }

  async pruneBuildCache(filters: Filters): Promise<Required<BuildPruneResponse>> {
    this.asked.push({ what: 'build-cache', filters });
    return { CachesDeleted: [], SpaceReclaimed: 0 };
  }
}
