import type { Container } from '../container.ts';
import type { ContainerEnvironment } from '../environment.ts';
import { ContainerNotFoundError, ContainerStateError } from '../errors.ts';
import { countsAsRunning } from '../state/container-state.ts';
import { removeContainer } from './remove-container.ts';
import { killForGood } from './stop-container.ts';

export interface RemoveOptions {
  /** Kill it first when it runs. */
  force: boolean;
  /** Remove its anonymous volumes too. */
  volumes: boolean;
}

/**
 * `docker rm`. Throws `ContainerStateError` with Docker's words when it runs and `force` is not given, or when somebody
 * else is removing it.
 */
export async function requestRemoval(
  environment: ContainerEnvironment,
  container: Container,
  { force, volumes }: RemoveOptions,
): Promise<void> {
  const { locks, registry } = environment;
  for (let killed = false; ; ) {
    // It removed itself when it ended.
    if (killed && registry.get(container.id) === undefined) return;
    if (container.state.status === 'removing') {
      throw new ContainerStateError(
        container.id,
        `removal of container ${container.name} is already in progress`,
      );
    }
    if (countsAsRunning(container.state)) {
      if (!force) throw runningError(container);
      await killForGood(environment, container);
      killed = true;
    }
    const removed = await locks.run(container.id, async () => {
      if (registry.get(container.id) === undefined) {
        if (killed) return true;
        throw new ContainerNotFoundError(container.id);
      }
      // Somebody may have started it meanwhile.
      if (countsAsRunning(container.state)) return false;
      await removeContainer(environment, container, { volumes });
      return true;
    });
    if (removed) return;
  }
}

function runningError({ id, name, state }: Container): ContainerStateError {
  const remedy =
    state.status === 'paused'
      ? ' and must be unpaused first'
      : ': stop the container before removing or force remove';
  return new ContainerStateError(
    id,
    `cannot remove container "${name}": container is ${state.status}${remedy}`,
  );
}
