import { statSync } from 'node:fs';
import type { ContainerEnvironment } from '../environment.ts';
import { InvalidOptionError } from '../errors.ts';
import { publishVolumeEvent } from '../events/volume-events.ts';
import type { ContainerMount } from '../state/container-record.ts';
import type { RequestedMount } from './options/requested-mount.ts';

/**
 * The mounts of a record: makes the volumes that are not there yet. Anonymous ones that were made are removed again by
 * `undo`; named ones stay, as in Docker.
 */
export async function makeVolumes(
  { ports, events }: ContainerEnvironment,
  requested: readonly RequestedMount[],
  undo: AsyncDisposableStack,
): Promise<ContainerMount[]> {
  const mounts: ContainerMount[] = [];
  for (const mount of requested) {
    if (mount.type !== 'volume') {
      mounts.push(mount.type === 'bind' ? bindMount(mount) : mount);
      continue;
    }
    const anonymous = mount.name === undefined;
    const isNew = mount.name === undefined || ports.volumes.get(mount.name) === undefined;
    const volume = await ports.volumes.create({
      labels: mount.labels,
      ...(mount.name === undefined ? { anonymous: true } : { name: mount.name }),
    });
    if (isNew) publishVolumeEvent(events, volume.name, 'create');
    if (anonymous) undo.defer(() => ports.volumes.remove(volume.name));
    const { destination, mode, readOnly, copyUp } = mount;
    mounts.push({
      type: 'volume',
      volumeName: volume.name,
      source: volume.mountpoint,
      destination,
      mode,
      readOnly,
      anonymous,
      copyUp,
    });
  }
  return mounts;
}

function bindMount(mount: Extract<RequestedMount, { type: 'bind' }>): ContainerMount {
  const { createSource, ...bind } = mount;
  if (!createSource && statSync(bind.source, { throwIfNoEntry: false }) === undefined) {
    throw new InvalidOptionError(
      `invalid mount config for type "bind": bind source path does not exist: ${bind.source}`,
    );
  }
  return bind;
}
