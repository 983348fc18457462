import { errorMessage, Semaphore } from '@gantry/base';
import type { ContainerProcess } from '@gantry/runtime';
import type { Container } from '../container.ts';
import type { ContainerEnvironment } from '../environment.ts';
import { publishContainerEvent } from '../events/container-events.ts';
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
import { formatTimestamp } from '../state/timestamps.ts';
import { checkRecord } from './check-record.ts';
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
  const processes = new Map<Container, ContainerProcess>();
  const resumed = new Set<Container>();
  const limit = new Semaphore(restoresAtOnce);
  const report = (container: { id: string }) => (error: unknown) => {
    damaged.push({ id: container.id, fact: errorMessage(error) });
  };
  await Promise.all(
    registry.list().map((container) =>
      limit
        .run(async () => {
          const process = traces.has(container.id) ? await ports.runtime.adopt(container.id) : undefined;
          if (process !== undefined) processes.set(container, process);
        })
        .catch(report(container)),
    ),
  );
  await ports.network.restore(new Set([...processes.keys()].map(({ id }) => id)));
  // Whoever has left a trace may run, and uses what is mounted.
  await ports.volumes.keepMounts(traces);
  await restoreExecs(environment);
  health.restore((id) => registry.get(id));
  await removeOrphans(environment, known, traces);
  await Promise.all(
    registry.list().map((container) =>
      limit
        .run(async () => {
          if (await restoreContainer(environment, container, processes.get(container)))
            resumed.add(container);
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
  process: ContainerProcess | undefined,
): Promise<boolean> {
  environment.directories.create(container.id);
  if (container.state.status === 'removing' || container.state.status === 'dead') {
    await environment.locks.run(container.id, () =>
      removeContainer(environment, container, { volumes: false }),
    );
    return false;
  }
  if (process === undefined) {
    container.log.startSink();
    return await settle(environment, container);
  }
  await thawAfterCommit(environment, container);
  await restoreNetworks(environment, container);
  adopt(environment, container, process);
  return false;
}

/** A commit that froze it died with its engine. */
async function thawAfterCommit(environment: ContainerEnvironment, container: Container): Promise<void> {
  if (container.record.frozenForCommit !== true || container.state.status !== 'paused') return;
  await thaw(environment, container);
}

/** The process is there, running or ended: everything goes on as if this engine had started it. */
function adopt(environment: ContainerEnvironment, container: Container, process: ContainerProcess): void {
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
  if (startedBefore) {
    watchHealth(environment, container);
    return;
  }
  publishContainerEvent(events, container, 'start');
  beginHealth(environment, container);
}

/** No process: what a start had made is undone. True when its restart policy asks for a start. */
async function settle(environment: ContainerEnvironment, container: Container): Promise<boolean> {
  const { registry, ports, clock, events } = environment;
  if (isActive(container.state)) {
    const at = formatTimestamp(clock.nowNs());
    const change = {
      type: 'ended',
      at,
      exitCode: vanishedExitCode,
      outOfMemory: false,
      restart: false,
    } as const;
    registry.apply(container, change);
    publishContainerEvent(events, container, 'die', {
      exitCode: String(vanishedExitCode),
      execDuration: '0',
    });
  }
  const resumes = container.state.status === 'restarting' || startsWithEngine(container);
  if (resumes) return true;
  await ports.snapshots.unmount(container.id);
  await unmountImages(environment, container);
  await unmountSharedMemory(container);
  await unmountVolumes(environment, container);
  if (container.record.hostConfig.AutoRemove === true) {
    await environment.locks.run(container.id, () =>
      removeContainer(environment, container, { volumes: true }),
    );
  }
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
