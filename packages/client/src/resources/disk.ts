import type {
  BuildPruneResponse,
  ContainerPruneResponse,
  Filters,
  ImagePruneResponse,
  NetworkPruneResponse,
  SystemDataUsageResponse,
  VolumePruneResponse,
} from '@gantry/api-types';
import type { ApiClient } from '../api-client.ts';
import { formatFilters } from '../query.ts';

/** Counts sizes: may take a while. */
export function systemDiskUsage(client: ApiClient): Promise<SystemDataUsageResponse> {
  return client.json({ method: 'GET', path: '/system/df' });
}

/** Ours, not Docker's. */
export interface EngineProblem {
  Kind: string;
  Object: string;
  Fact: string;
  Repaired: boolean;
}

/** What does not fit; with `repair` what could be put right is. */
export async function checkEngine(
  client: ApiClient,
  { repair }: { repair: boolean },
): Promise<EngineProblem[]> {
  const query = { repair: repair || undefined };
  const answer = await client.json<{ Problems: EngineProblem[] }>({
    method: 'POST',
    path: '/gantry/fsck',
    query,
  });
  return answer.Problems;
}

export function pruneContainers(client: ApiClient, filters: Filters): Promise<ContainerPruneResponse> {
  return prune(client, 'containers', filters);
}

export function pruneImages(client: ApiClient, filters: Filters): Promise<ImagePruneResponse> {
  return prune(client, 'images', filters);
}

export function pruneVolumes(client: ApiClient, filters: Filters): Promise<VolumePruneResponse> {
  return prune(client, 'volumes', filters);
}

export function pruneNetworks(client: ApiClient, filters: Filters): Promise<NetworkPruneResponse> {
  return prune(client, 'networks', filters);
}

export interface BuildPruneQuery {
  /** What is still referred to, too. */
  all?: boolean;
  filters?: Filters;
  /** Bytes that the cache may go on using. */
  keepBytes?: number;
  /** Bytes that the cache may always use, may use at most, and that the disk should have free. */
  reservedBytes?: number;
  maxUsedBytes?: number;
  minFreeBytes?: number;
}

export function pruneBuildCache(client: ApiClient, query: BuildPruneQuery): Promise<BuildPruneResponse> {
  return client.json<BuildPruneResponse>({
    method: 'POST',
    path: '/build/prune',
    query: {
      all: query.all || undefined,
      filters: formatFilters(query.filters),
      'keep-storage': query.keepBytes || undefined,
      'reserved-space': query.reservedBytes || undefined,
      'max-used-space': query.maxUsedBytes || undefined,
      'min-free-space': query.minFreeBytes || undefined,
    },
  });
}

function prune<T>(client: ApiClient, kind: string, filters: Filters): Promise<T> {
  return client.json<T>({
    method: 'POST',
    path: `/${kind}/prune`,
    query: { filters: formatFilters(filters) },
  });
}
