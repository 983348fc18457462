import { errorMessage } from '@gantry/base';
import type { Container } from '../container.ts';
import type { ContainerEnvironment } from '../environment.ts';
import { planUnmount } from '../lifecycle/plan-unmount.ts';
import { startContainer } from '../lifecycle/start-container.ts';
import { awaitPeers } from './await-peers.ts';

/** Starts a container in state `restarting` after `delayMs`, unless `cancelRestart` comes first or the engine closes. */
export function planRestart(environment: ContainerEnvironment, container: Container, delayMs: number): void {
  const { clock, closing, locks, logger, retirement } = environment;
  if (retirement.signal.aborted) return;
  const plan = new AbortController();
  container.plannedRestart = plan;
  const restart = async (): Promise<void> => {
    try {
      await clock.sleep(delayMs, plan.signal);
      await awaitPeers(environment, container, AbortSignal.any([plan.signal, closing]));
    } catch {
      return;
    }
    await locks.run(container.id, async () => {
      if (plan.signal.aborted || closing.aborted || container.state.status !== 'restarting') return;
      container.plannedRestart = undefined;
      await startContainer(environment, container, 'policy');
    });
  };
  restart().catch((error: unknown) => {
    logger.error('a restart by policy failed', { containerId: container.id, error: errorMessage(error) });
  });
}

/** Ends the state `restarting`; its lock is held. Does nothing in other states. */
export function cancelRestart(environment: ContainerEnvironment, container: Container): void {
  container.plannedRestart?.abort();
  container.plannedRestart = undefined;
  container.restartDelayMs = 0;
  if (container.state.status !== 'restarting') return;
  environment.registry.apply(container, { type: 'restart-cancelled' }, { manuallyStopped: true });
  planUnmount(environment, container);
}
