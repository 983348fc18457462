import { faultPoint } from '@gantry/base';
import { isErrno } from '@gantry/kernel';
import type { Container } from '../container.ts';
import type { ContainerEnvironment } from '../environment.ts';
import { publishContainerEvent } from '../events/container-events.ts';
import { stopHealth, watchHealth } from '../health/watch-health.ts';
import { thaw } from '../lifecycle/kill-container.ts';

/**
 * Freezes a container that runs until the result is disposed; one that does not run stays as it is. It is noted durably first,
 * so that a start-up pass thaws what an engine left frozen that died meanwhile. Whoever stops or unpauses the container
 * meanwhile has his way.
 */
export async function freezeForCommit(
  environment: ContainerEnvironment,
  container: Container,
): Promise<AsyncDisposable> {
  const { events, locks, ports, registry } = environment;
  await locks.run(container.id, async () => {
    if (container.state.status !== 'running') return;
    registry.apply(container, { type: 'paused' }, { frozenForCommit: true });
    faultPoint('commit/freeze-noted');
    try {
      await ports.runtime.pause(container.id);
    } catch (error) {
      await thaw(environment, container);
      // It has ended, and nobody has recorded that yet.
      if (isErrno(error, 'ENOENT', 'ENODEV')) return;
      throw error;
    }
    faultPoint('commit/frozen');
    stopHealth(container);
    publishContainerEvent(events, container, 'pause');
  });
  return {
    [Symbol.asyncDispose]: () =>
      locks.run(container.id, async () => {
        if (container.record.frozenForCommit !== true || container.state.status !== 'paused') return;
        await thaw(environment, container);
        watchHealth(environment, container);
        publishContainerEvent(events, container, 'unpause');
      }),
  };
}
