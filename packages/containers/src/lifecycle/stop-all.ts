import { errorMessage } from '@gantry/base';
import type { Container, ContainerRun } from '../container.ts';
import type { ContainerEnvironment } from '../environment.ts';
import { parseSignal } from '../signals.ts';
import { thaw } from './kill-container.ts';
import { endRun, stopSignalOf, stopTimeoutSecondsOf } from './stop-container.ts';

/**
 * Ends every container, all at once, because their engine ends: each within its own stop timeout and `timeoutSeconds` at
 * most (below 0: its own alone). Restart policies start none before the next engine, which starts those that they ask for.
 */
export async function stopAll(
  environment: ContainerEnvironment,
  { timeoutSeconds }: { timeoutSeconds: number },
): Promise<void> {
  environment.retirement.abort();
  for (const { plannedRestart } of environment.registry.list()) plannedRestart?.abort();
  await Promise.all(
    environment.registry.list().map(async (container) => {
      const { run } = container;
      if (run !== undefined) await stopOne(environment, container, { run, timeoutSeconds });
    }),
  );
}

async function stopOne(
  environment: ContainerEnvironment,
  container: Container,
  { run, timeoutSeconds }: { run: ContainerRun; timeoutSeconds: number },
): Promise<void> {
  const own = stopTimeoutSecondsOf(container);
  const bounded = timeoutSeconds < 0 ? own : own < 0 ? timeoutSeconds : Math.min(own, timeoutSeconds);
  const signal = parseSignal(stopSignalOf(container));
  const wasPaused = container.state.status === 'paused';
  try {
    const ending = endRun(environment, container, { run, signal, timeoutSeconds: bounded });
    if (wasPaused) await thaw(environment, container);
    await ending;
    // Whoever records the end gives back under the same lock what the run held: the next engine finds nothing of it.
    await environment.locks.run(container.id, async () => {});
  } catch (error) {
    environment.logger.warn('a container was not stopped with its engine', {
      containerId: container.id,
      error: errorMessage(error),
    });
  }
}
