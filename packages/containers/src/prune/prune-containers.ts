import type { Filters } from '@gantry/api-types';
import { errorKind, errorMessage } from '@gantry/base';
import type { Container } from '../container.ts';
import type { ContainerEnvironment } from '../environment.ts';
import { requestRemoval } from '../lifecycle/remove-request.ts';
import { countsAsRunning } from '../state/container-state.ts';
import { timestampMs } from '../state/timestamps.ts';
import { compilePruneFilter } from './prune-filter.ts';

export interface PrunedContainers {
  /** Ids. */
  removed: readonly string[];
  /** Of their writable layers. */
  reclaimedBytes: number;
}

/**
 * Docker's `container prune`: removes every container that does not run, its volumes left alone. One that is started or
 * removed by somebody else meanwhile is passed over, one that cannot be removed is told in the log. Throws
 * `InvalidFilterError`.
 */
export async function pruneContainers(
  environment: ContainerEnvironment,
  filters: Filters,
): Promise<PrunedContainers> {
  const { registry, clock } = environment;
  const known = ['until', 'label', 'label!'];
  const isWanted = compilePruneFilter(filters, { known, nowMs: clock.now().getTime() });
  const removed: string[] = [];
  let reclaimedBytes = 0;
  for (const container of registry.list()) {
    const { config, createdAt } = container.record;
    const createdMs = timestampMs(createdAt);
    if (!mayGo(container) || !isWanted({ labels: config.Labels ?? {}, createdMs })) continue;
    const sizeBytes = await removeOne(environment, container);
    if (sizeBytes === undefined) continue;
    removed.push(container.id);
    reclaimedBytes += sizeBytes;
  }
  return { removed, reclaimedBytes };
}

function mayGo({ state }: Container): boolean {
  return !countsAsRunning(state) && state.status !== 'removing';
}

/** The bytes that its writable layer took; undefined when it stays. */
async function removeOne(
  environment: ContainerEnvironment,
  container: Container,
): Promise<number | undefined> {
  const { ports, logger } = environment;
  const containerId = container.id;
  try {
    const { sizeBytes } = await ports.snapshots.usage(containerId);
    await requestRemoval(environment, container, { force: false, volumes: false });
    return sizeBytes;
  } catch (error) {
    const taken = errorKind(error) === 'conflict' || errorKind(error) === 'not-found';
    if (!taken) logger.warn('a container was not pruned', { containerId, error: errorMessage(error) });
    return undefined;
  }
}
