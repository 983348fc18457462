import { errorKind } from '@gantry/base';
import { isErrno } from '@gantry/kernel';
import type { Container } from '../container.ts';
import type { ContainerEnvironment } from '../environment.ts';
import { ContainerStateError } from '../errors.ts';
import { publishContainerEvent } from '../events/container-events.ts';
import { stopHealth, watchHealth } from '../health/watch-health.ts';
import { thaw } from './kill-container.ts';

/** Freezes a running container. Throws `ContainerStateError` with Docker's words. */
export async function pauseContainer(environment: ContainerEnvironment, container: Container): Promise<void> {
  const { locks, ports, registry, events } = environment;
  const { id } = container;
  await locks.run(id, async () => {
    const { status } = container.state;
    if (status === 'paused') throw new ContainerStateError(id, `Container ${id} is already paused`);
    if (status === 'restarting') throw restartingError(id);
    if (status !== 'running') throw new ContainerStateError(id, `container ${id} is not running`);
    try {
      await ports.runtime.pause(id);
    } catch (error) {
      // It has ended, and nobody has recorded that yet.
      if (errorKind(error) === 'conflict' || isErrno(error, 'ENOENT', 'ENODEV')) {
        throw new ContainerStateError(id, `container ${id} is not running`);
      }
      throw error;
    }
    stopHealth(container);
    registry.apply(container, { type: 'paused' });
    publishContainerEvent(events, container, 'pause');
  });
}

/** Thaws a paused container. Throws `ContainerStateError` with Docker's words. */
export async function unpauseContainer(
  environment: ContainerEnvironment,
  container: Container,
): Promise<void> {
  await environment.locks.run(container.id, async () => {
    if (container.state.status !== 'paused') {
      throw new ContainerStateError(container.id, `Container ${container.id} is not paused`);
    }
    await thaw(environment, container);
    watchHealth(environment, container);
    publishContainerEvent(environment.events, container, 'unpause');
  });
}

/** A container between two runs takes no such order. */
export function restartingError(id: string): ContainerStateError {
  return new ContainerStateError(id, `container ${id} is restarting, wait until the container is running`);
}
