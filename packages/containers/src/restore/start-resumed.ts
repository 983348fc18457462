import { errorMessage, Semaphore } from '@gantry/base';
import type { Container } from '../container.ts';
import type { ContainerEnvironment } from '../environment.ts';
import { startContainer } from '../lifecycle/start-container.ts';
import { awaitPeers } from '../restart/await-peers.ts';
import { startOrder } from './start-order.ts';

/** More at once only make each of them slower: a start is work for the CPU. */
const startsAtOnce = 8;

/**
 * Starts containers as their restart policies ask, in the background, a few at a time, each after those that it needs. One
 * that cannot be started is logged, and keeps no other from being tried.
 */
export function startResumed(environment: ContainerEnvironment, containers: ReadonlySet<Container>): void {
  const order = startOrder(environment, containers);
  const limit = new Semaphore(startsAtOnce);
  const begun = new Map<Container, Promise<void>>();
  const begin = (container: Container): Promise<void> => {
    const known = begun.get(container);
    if (known !== undefined) return known;
    const needed = (order.get(container) ?? []).map(begin);
    const started = Promise.all(needed)
      .then(() => awaitPeers(environment, container, environment.closing))
      .then(() => limit.run(() => start(environment, container)))
      // The engine closes.
      .catch(() => {});
    begun.set(container, started);
    return started;
  };
  for (const container of containers) void begin(container);
}

/** Never rejects. */
async function start(environment: ContainerEnvironment, container: Container): Promise<void> {
  const { locks, logger, closing } = environment;
  try {
    await locks.run(container.id, async () => {
      if (closing.aborted || container.run !== undefined) return;
      await startContainer(environment, container, 'policy');
    });
  } catch (error) {
    logger.error('a restart by policy failed', { containerId: container.id, error: errorMessage(error) });
  }
}
