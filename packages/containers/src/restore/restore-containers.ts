import { errorMessage, Semaphore } from '@gantry/base';
import type { ContainerProcess } from '@gantry/runtime';
import type { Container } from '../container.ts';
import type { ContainerEnvironment } from '../environment.ts';
import { publishContainerEvent, publishDeath } from '../events/container-events.ts';
import { restoreExecs } from '../exec/restore-execs.ts';
import { beginHealth, watchHealth } from '../health/watch-health.ts';
import { watchRun } from '../lifecycle/container-run.ts';
import { unmountVolumes } from '../lifecycle/container-volumes.ts';
import { thaw } from '../lifecycle/kill-container.ts';
import { unmountImages } from '../lifecycle/mount-sources.ts';
import { unmountParts } from '../lifecycle/mounted-part.ts';
import { removeContainer } from '../lifecycle/remove-container.ts';
import { unmountSharedMemory } from '../lifecycle/shared-memory.ts';
import { restoreNetworks } from '../networks/restore-networks.ts';
import { startsWithEngine } from '../restart/restart-decision.ts';
import { isContainerId, snapshotOwner } from '../state/container-id.ts';
import { isActive } from '../state/container-state.ts';
import { formatTimestamp, timestampMs } from '../state/timestamps.ts';
import { checkRecord } from './check-record.ts';
import { FoundRuns } from './found-runs.ts';
import { startResumed } from './start-resumed.ts';

/** Exit code of a container that is gone without a trace: the machine was restarted. Docker's choice. */
const vanishedExitCode = 255;
const restoresAtOnce = 8;

/** A stored container that could not be taken in: what `system fsck` tells. */
export interface DamagedContainer {
  id: string;
  fact: string;
}

/**
 * The start-up pass, once, before any request: takes back the containers that run, handles the end of those that ended,
 * undoes or finishes what an engine's death left half done, and removes what belongs to no container. Containers whose
 * restart policy asks for it are started in the background. A damaged record, or a container that cannot be taken back,
 * stops nothing: it is in the result.
 */
export async function restoreContainers(environment: ContainerEnvironment): Promise<DamagedContainer[]> {
  const { ports, health, registry, logger } = environment;
  const damaged = takeInRecords(environment);
  const known = new Set([...registry.list().map(({ id }) => id), ...damaged.map(({ id }) => id)]);
  const traces = new Set(ports.runtime.list());
  const found = new FoundRuns(environment);
  const resumed = new Set<Container>();
  const limit = new Semaphore(restoresAtOnce);
  const report = (container: { id: string }) => (error: unknown) => {
    damaged.push({ id: container.id, fact: errorMessage(error) });
  };
  await Promise.all(
    registry.list().map((container) =>
      limit
        .run(async () => {
          if (traces.has(container.id)) await found.take(container);
        })
        .catch(report(container)),
    ),
  );
  await found.learnWhatWasTold();
  await ports.network.restore(new Set([...found.processes.keys()].map(({ id }) => id)));
  // Whoever has left a trace may run, and uses what is mounted.
  await ports.volumes.keepMounts(traces);
  await restoreExecs(environment);
  health.restore((id) => registry.get(id));
  await removeOrphans(environment, known, traces);
  await Promise.all(
    registry.list().map((container) =>
      limit
        .run(async () => {
          if (await restoreContainer(environment, container, found)) resumed.add(container);
        })
        .catch(report(container)),
    ),
  );
  startResumed(environment, resumed);
  for (const { id, fact } of damaged) {
    logger.error('a container is damaged and was left aside', { containerId: id, fact });
  }
  return damaged;
}

function takeInRecords({ registry }: ContainerEnvironment): DamagedContainer[] {
  const damaged: DamagedContainer[] = [];
  for (const { key, document } of registry.stored()) {
    try {
      registry.adopt(checkRecord(key, document));
    } catch (error) {
      damaged.push({ id: key, fact: errorMessage(error) });
    }
  }
  return damaged;
}

/** True when the container's restart policy asks for a start. */
async function restoreContainer(
  environment: ContainerEnvironment,
  container: Container,
  found: FoundRuns,
): Promise<boolean> {
  environment.directories.create(container.id);
  if (container.state.status === 'removing' || container.state.status === 'dead') {
    await remove(environment, container, found, { volumes: false });
    return false;
  }
  const process = found.processes.get(container);
  if (process === undefined || found.isOver(container)) {
    container.log.startSink();
    return await settle(environment, container, found);
  }
  await thawAfterCommit(environment, container);
  await restoreNetworks(environment, container);
  adopt(environment, container, { process, startIsTold: found.startIsTold(container) });
  return false;
}

async function remove(
  environment: ContainerEnvironment,
  container: Container,
  found: FoundRuns,
  { volumes }: { volumes: boolean },
): Promise<void> {
  const told = found.told(container).has('destroy');
  await environment.locks.run(container.id, () => removeContainer(environment, container, { volumes, told }));
}

/** A commit that froze it died with its engine. */
async function thawAfterCommit(environment: ContainerEnvironment, container: Container): Promise<void> {
  if (container.record.frozenForCommit !== true || container.state.status !== 'paused') return;
  await thaw(environment, container);
}

/** The process is there, running or ended: everything goes on as if this engine had started it. */
function adopt(
  environment: ContainerEnvironment,
  container: Container,
  { process, startIsTold }: { process: ContainerProcess; startIsTold: boolean },
): void {
  const { registry, ports, events } = environment;
  const startedBefore = isActive(container.state);
  if (!startedBefore) {
    const at = formatTimestamp(BigInt(process.startedAt.getTime()) * 1_000_000n);
    registry.apply(container, { type: 'started', at, pid: process.pid }, { manuallyStopped: false });
  }
  const paused = ports.runtime.isPaused(container.id);
  if (paused && container.state.status === 'running') registry.apply(container, { type: 'paused' });
  if (!paused && container.state.status === 'paused') registry.apply(container, { type: 'resumed' });
  const position = container.log.resume((stored) => process.output.release(stored));
  watchRun(environment, container, process, position);
  if (!startIsTold) publishContainerEvent(events, container, 'start');
  if (startedBefore) watchHealth(environment, container);
  else beginHealth(environment, container);
}

/** No process: what a start had made is undone. True when its restart policy asks for a start. */
async function settle(
  environment: ContainerEnvironment,
  container: Container,
  found: FoundRuns,
): Promise<boolean> {
  const { registry, ports, clock, events } = environment;
  const ends = isActive(container.state);
  if (ends) {
    const at = formatTimestamp(clock.nowNs());
    const change = {
      type: 'ended',
      at,
      exitCode: vanishedExitCode,
      outOfMemory: false,
      restart: false,
    } as const;
    registry.apply(container, change);
  }
  if ((ends || found.isOver(container)) && !found.told(container).has('die')) {
    const { exitCode, startedAt, finishedAt } = container.state.last;
    const ranMs = ends ? 0 : Math.max(0, timestampMs(finishedAt) - timestampMs(startedAt));
    publishDeath(events, container, { exitCode, ranMs });
  }
  const resumes = container.state.status === 'restarting' || startsWithEngine(container);
  if (resumes) return true;
  await ports.snapshots.unmount(container.id);
  await unmountImages(environment, container);
  await unmountSharedMemory(container);
  await unmountVolumes(environment, container);
  if (container.record.hostConfig.AutoRemove === true)
    await remove(environment, container, found, { volumes: true });
  return false;
}

/** What a create or a remove left that died between two steps; `known` are the ids of all records, damaged ones too. */
async function removeOrphans(
  { ports, directories, logger }: ContainerEnvironment,
  known: ReadonlySet<string>,
  traces: ReadonlySet<string>,
): Promise<void> {
  const report =
    (what: string, containerId: string) =>
    (error: unknown): void =>
      logger.warn(`${what} of no container was not removed`, { containerId, error: errorMessage(error) });
  const isOrphan = (id: string): boolean => isContainerId(id) && !known.has(id);
  for (const id of [...traces].filter(isOrphan))
    await ports.runtime.remove(id).catch(report('a process', id));
  for (const id of await ports.snapshots.list()) {
    const owner = snapshotOwner(id);
    if (owner === undefined || !isOrphan(owner)) continue;
    await ports.snapshots.remove(id).catch(report('a snapshot', id));
  }
  await unmountParts(directories.parts);
  for (const id of directories.list().filter(isOrphan)) directories.remove(id);
  for (const volume of ports.volumes.list()) {
    for (const id of volume.usedBy.filter(isOrphan)) ports.volumes.release(volume.name, id);
  }
}
