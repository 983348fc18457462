import type { Filters } from '@gantry/api-types';
import { errorKind, errorMessage, type Logger } from '@gantry/base';
import { compilePruneFilter } from '@gantry/containers';
import type { NetworkBackend } from '@gantry/http-api';
import type { NetworkController } from '@gantry/network';
import { predefinedNetworks } from '../networks/network-filters.ts';

export interface NetworkPruning {
  controller: Pick<NetworkController, 'networks'>;
  /** Removes, and tells. */
  service: Pick<NetworkBackend, 'remove'>;
  logger: Logger;
  nowMs: number;
}

/**
 * Docker's `network prune`: networks that users made and no container that runs is on; templates (`--config-only`) stay.
 * Returns the names of those that went. Throws `InvalidFilterError`.
 */
export async function pruneNetworks(pruning: NetworkPruning, filters: Filters): Promise<string[]> {
  const { controller, service, logger, nowMs } = pruning;
  const isWanted = compilePruneFilter(filters, { known: ['until', 'label', 'label!'], nowMs });
  const candidates = controller
    .networks()
    .filter(({ name, configOnly }) => !predefinedNetworks.has(name) && !configOnly)
    .filter(({ endpoints }) => endpoints.length === 0)
    .filter(({ labels, createdAt }) => isWanted({ labels, createdMs: Date.parse(createdAt) }));
  const removed: string[] = [];
  for (const { id, name } of candidates) {
    try {
      await service.remove(id);
      removed.push(name);
    } catch (error) {
      const taken = errorKind(error) === 'forbidden' || errorKind(error) === 'not-found';
      if (!taken) logger.warn('a network was not pruned', { networkName: name, error: errorMessage(error) });
    }
  }
  return removed;
}
