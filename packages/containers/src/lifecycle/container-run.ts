import { errorMessage, faultPoint } from '@gantry/base';
import type { ContainerProcess, ExitStatus, OutputPosition } from '@gantry/runtime';
import type { Container, ContainerRun } from '../container.ts';
import type { ContainerEnvironment } from '../environment.ts';
import { publishContainerEvent, publishDeath } from '../events/container-events.ts';
import { publishNetworkEvents } from '../events/network-events.ts';
import { publishVolumeEvents } from '../events/volume-events.ts';
import { stopHealth } from '../health/watch-health.ts';
import { planRestart } from '../restart/plan-restart.ts';
import { decideRestart } from '../restart/restart-decision.ts';
import { formatTimestamp, parseTimestamp } from '../state/timestamps.ts';
import { unmountVolumes } from './container-volumes.ts';
import { planUnmount } from './plan-unmount.ts';
import { pumpOutput } from './pump-output.ts';
import { removeContainer } from './remove-container.ts';
import { unmountSharedMemory } from './shared-memory.ts';
import { exitResponse } from './wait-container.ts';

/**
 * Looks after a process that runs, from now to its end: output into the log (which is open) from `from` on, and, when it
 * ended, the exit recorded, told, cleaned up after, and the container restarted or removed as its policy says.
 */
export function watchRun(
  environment: ContainerEnvironment,
  container: Container,
  process: ContainerProcess,
  from: OutputPosition,
): ContainerRun {
  const { closing, logger } = environment;
  const { promise: ended, resolve } = Promise.withResolvers<void>();
  const pumped = pumpOutput({ container, process, from, closing, logger });
  const run: ContainerRun = { process, pumped, ended };
  container.beginRun(run);
  process.onOutOfMemory(() => publishContainerEvent(environment.events, container, 'oom'));
  void process.exited
    .then((status) => finishRun(environment, container, run, { status, resolve }))
    .catch((error: unknown) => {
      logger.error('the end of a container was not handled', {
        containerId: container.id,
        error: errorMessage(error),
      });
    });
  return run;
}

interface Ending {
  status: ExitStatus;
  resolve: () => void;
}

async function finishRun(
  environment: ContainerEnvironment,
  container: Container,
  run: ContainerRun,
  ending: Ending,
): Promise<void> {
  const { ports, locks, closing } = environment;
  const publishes = container.record.network.ports.length > 0;
  const detached = publishes ? ports.network.detach(container.id) : undefined;
  await run.pumped;
  faultPoint('end/output-stored');
  if (closing.aborted) return;
  // Whoever hears of the end may take the ports at once.
  await detached?.catch(() => {});
  faultPoint('end/ports-released');
  await locks.run(container.id, async () => {
    await recordEnd(environment, container, ending);
    faultPoint('end/recorded');
    publishNetworkEvents(environment, container, 'disconnect');
    await releaseRun(environment, container);
  });
}

/** Records the exit, and tells it when it is durable; the container does not run from the call on. */
async function recordEnd(
  environment: ContainerEnvironment,
  container: Container,
  ending: Ending,
): Promise<void> {
  const { registry, events, logger } = environment;
  const { exitCode, outOfMemory, at } = ending.status;
  const startedAt = parseTimestamp(container.state.last.startedAt);
  const finishedAt = formatTimestamp(BigInt(at.getTime()) * 1_000_000n);
  const ranMs = Math.max(0, at.getTime() - Number(startedAt / 1_000_000n));
  const decision = decideRestart(container, { exitCode, ranMs });
  const change = { type: 'ended', at: finishedAt, exitCode, outOfMemory, restart: decision.restart } as const;
  const facts = decision.restart ? { restartCount: container.record.restartCount + 1 } : {};
  const report = (error: unknown): void =>
    logger.error('an exit was not recorded', { containerId: container.id, error: errorMessage(error) });
  // A container that removes itself has no use for a stored end: a start-up pass would remove it all the same.
  const isStored = container.record.hostConfig.AutoRemove !== true;
  try {
    if (isStored) registry.applySoon(container, change, facts);
    else registry.applyInMemory(container, change);
  } catch (error) {
    // The runtime keeps its trace of the container, so that the next engine learns of the exit.
    report(error);
    registry.applyInMemory(container, change);
  }
  container.endRun();
  stopHealth(container);
  if (isStored) await registry.synced().catch(report);
  faultPoint('end/stored');
  publishDeath(events, container, { exitCode, ranMs });
  faultPoint('end/told');
  container.waiters.notifyExit(exitResponse(container));
  ending.resolve();
  if (decision.restart) planRestart(environment, container, decision.delayMs);
}

/** Gives back what the run held; the lock is held. What fails is logged: the next start, or removal, tries again. */
async function releaseRun(environment: ContainerEnvironment, container: Container): Promise<void> {
  const { ports, events, logger } = environment;
  const { id } = container;
  const report = (error: unknown): void =>
    logger.warn('a step after the end of a container failed', {
      containerId: id,
      error: errorMessage(error),
    });
  publishVolumeEvents(events, container, 'unmount');
  if (container.record.hostConfig.AutoRemove === true) {
    await removeContainer(environment, container, { volumes: true }).catch(report);
    return;
  }
  await Promise.all([
    ports.runtime.remove(id).catch(report),
    ports.network.detach(id).catch(report),
    unmountSharedMemory(container).catch(report),
    unmountVolumes(environment, container),
  ]);
  faultPoint('end/released');
  if (container.state.status !== 'restarting') planUnmount(environment, container);
}
