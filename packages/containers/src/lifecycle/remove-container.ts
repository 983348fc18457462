import { errorMessage, faultPoint } from '@gantry/base';
import type { Container } from '../container.ts';
import type { ContainerEnvironment } from '../environment.ts';
import { ContainerNotFoundError } from '../errors.ts';
import { publishContainerEvent } from '../events/container-events.ts';
import { publishVolumeEvent } from '../events/volume-events.ts';
import { unmountVolumes } from './container-volumes.ts';
import { cancelUnmount } from './plan-unmount.ts';
import { unmountSharedMemory } from './shared-memory.ts';
import { exitResponse } from './wait-container.ts';

/** What a log receiver that is there gets to take the last lines of a container that is removed. */
const sinkGraceMs = 5_000;

/**
 * Removes a container that does not run, with everything that is its own; its lock is held. `volumes` takes its anonymous
 * volumes too. Every step can be done again: a removal that was interrupted is finished at start-up, one that failed
 * leaves the container `dead`, is told to those who wait for it, and can be asked for again. With `told` an earlier engine has
 * published its event.
 */
export async function removeContainer(
  environment: ContainerEnvironment,
  container: Container,
  { volumes, told = false }: { volumes: boolean; told?: boolean },
): Promise<void> {
  const { ports, registry, directories, events } = environment;
  const { id } = container;
  cancelUnmount(container);
  container.removal.abort(new ContainerNotFoundError(id));
  const autoRemoved = container.record.hostConfig.AutoRemove === true;
  // With AutoRemove, whatever is stored says the same.
  if (autoRemoved) registry.applyInMemory(container, { type: 'removal-begun' });
  else registry.applySoon(container, { type: 'removal-begun' });
  faultPoint('remove/begun');
  try {
    const snapshots = snapshotsOf(container);
    await Promise.all([
      // A power cut must not bring back a container whose files are gone; meanwhile goes what a start makes anew.
      autoRemoved ? undefined : registry.synced(),
      ports.runtime.remove(id),
      ports.network.detach(id),
      ...snapshots.map((snapshotId) => ports.snapshots.unmount(snapshotId)),
      container.log.finishSink(sinkGraceMs),
    ]);
    await Promise.all(snapshots.map((snapshotId) => ports.snapshots.remove(snapshotId)));
    await unmountSharedMemory(container);
    await unmountVolumes(environment, container);
    faultPoint('remove/parts-removed');
    directories.remove(id);
    faultPoint('remove/directory-removed');
    registry.remove(container, changesAlongside(environment, container));
  } catch (error) {
    registry.apply(container, { type: 'removal-failed', error: errorMessage(error) });
    container.waiters.notifyRemovalFailed(exitResponse(container));
    throw error;
  }
  faultPoint('remove/forgotten');
  if (container.record.mounts.length > 0) await registry.synced();
  if (volumes) await removeAnonymousVolumes(environment, container);
  faultPoint('remove/volumes-removed');
  container.output.end();
  if (!told) publishContainerEvent(events, container, 'destroy');
  container.waiters.notifyRemoved({ StatusCode: container.state.last.exitCode });
}

/** Its own, and those of images that are mounted in it. */
function snapshotsOf({ id, record }: Container): string[] {
  return [id, ...record.mounts.flatMap((mount) => (mount.type === 'image' ? [mount.snapshotId] : []))];
}

/** What else is stored of the container; undefined when there is nothing. */
function changesAlongside(
  { ports, execs, health }: ContainerEnvironment,
  container: Container,
): (() => void) | undefined {
  const volumes = container.record.mounts.filter((mount) => mount.type === 'volume');
  const hasHealth = container.health !== undefined;
  if (volumes.length === 0 && container.execs.size === 0 && !hasHealth) return undefined;
  return () => {
    execs.forget(container);
    if (hasHealth) health.forget(container);
    for (const { volumeName } of volumes) ports.volumes.release(volumeName, container.id);
  };
}

/** One that another container uses by its name stays. */
async function removeAnonymousVolumes(
  { ports, logger, events }: ContainerEnvironment,
  { id, record }: Container,
): Promise<void> {
  for (const mount of record.mounts) {
    if (mount.type !== 'volume' || !mount.anonymous) continue;
    const volume = ports.volumes.get(mount.volumeName);
    if (volume === undefined || volume.usedBy.length > 0) continue;
    try {
      await ports.volumes.remove(mount.volumeName);
      publishVolumeEvent(events, volume, 'destroy');
    } catch (error) {
      logger.warn('an anonymous volume was not removed', {
        containerId: id,
        volumeName: mount.volumeName,
        error: errorMessage(error),
      });
    }
  }
}
