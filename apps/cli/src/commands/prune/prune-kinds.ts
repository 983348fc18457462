import type { Filters } from '@gantry/api-types';
import {
  type ApiClient,
  pruneBuildCache,
  pruneContainers,
  pruneImages,
  pruneNetworks,
  pruneVolumes,
} from '@gantry/client';

/** What a prune did, as it is printed. */
export interface Pruned {
  /** A heading and a line for each object that went; empty when none did. */
  readonly lines: readonly string[];
  readonly reclaimedBytes: number;
}

/** Removes what nothing uses, of one kind. */
export type Prune = (client: ApiClient, filters: Filters) => Promise<Pruned>;

export const containers: Prune = async (client, filters) => {
  const { ContainersDeleted, SpaceReclaimed } = await pruneContainers(client, filters);
  return pruned('Deleted Containers:', ContainersDeleted, SpaceReclaimed);
};

export const networks: Prune = async (client, filters) => {
  const { NetworksDeleted } = await pruneNetworks(client, filters);
  return pruned('Deleted Networks:', NetworksDeleted, 0);
};

export const volumes: Prune = async (client, filters) => {
  const { VolumesDeleted, SpaceReclaimed } = await pruneVolumes(client, filters);
  return pruned('Deleted Volumes:', VolumesDeleted, SpaceReclaimed);
};

export const buildCache: Prune = async (client, filters) => {
  const { CachesDeleted, SpaceReclaimed } = await pruneBuildCache(client, { filters });
  return pruned('Deleted build cache objects:', CachesDeleted, SpaceReclaimed);
};

export const images: Prune = async (client, filters) => {
  const { ImagesDeleted, SpaceReclaimed } = await pruneImages(client, filters);
  const lines = (ImagesDeleted ?? []).map(({ Untagged, Deleted }) =>
    Untagged ? `untagged: ${Untagged}` : `deleted: ${Deleted}`,
  );
  return pruned('Deleted Images:', lines, SpaceReclaimed);
};

function pruned(heading: string, names: readonly string[] | undefined, bytes: number | undefined): Pruned {
  const lines = names && names.length > 0 ? [heading, ...names] : [];
  return { lines, reclaimedBytes: bytes ?? 0 };
}
