import { errorMessage } from '@gantry/base';
import type { Container } from '../container.ts';
import type { ContainerEnvironment } from '../environment.ts';
import { peersOf } from '../lifecycle/joined-namespaces.ts';
import { startContainer } from '../lifecycle/start-container.ts';

/**
 * Starts containers as their restart policies ask, in the background, each after those whose namespaces it joins. One that
 * cannot be started is logged; two that would join each other, which cannot run, are not tried.
 */
export function startResumed(environment: ContainerEnvironment, containers: ReadonlySet<Container>): void {
  const begun = new Map<Container, Promise<void>>();
  const begin = (container: Container): Promise<void> => {
    const known = begun.get(container);
    if (known !== undefined) return known;
    const { promise, resolve } = Promise.withResolvers<void>();
    begun.set(container, promise);
    const peers = peersOf(environment, container).filter(
      (peer) => peer !== container && containers.has(peer),
    );
    void Promise.all(peers.map(begin))
      .then(() => start(environment, container))
      .then(resolve);
    return promise;
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
