import { statSync } from 'node:fs';
import type { ContainerEnvironment } from '../environment.ts';
import { InvalidOptionError } from '../errors.ts';
import { publishVolumeEvent } from '../events/volume-events.ts';
import { imageSnapshotId } from '../state/container-id.ts';
import type { BindPropagation, ContainerMount, ContainerRecord } from '../state/container-record.ts';
import { hasPropagation, mountHolder } from './options/mount-holder.ts';
import type { RequestedMount } from './options/requested-mount.ts';

interface MountParts {
  container: Pick<ContainerRecord, 'id' | 'idMaps'>;
  requested: readonly RequestedMount[];
}

/**
 * The mounts of a record: makes the volumes that are not there yet. Anonymous ones that were made are removed again by
 * `undo`; named ones stay, as in Docker.
 */
export async function makeVolumes(
  environment: ContainerEnvironment,
  { container, requested }: MountParts,
  undo: AsyncDisposableStack,
): Promise<ContainerMount[]> {
  const { dataRoot } = environment.directories;
  const mounts: ContainerMount[] = [];
  for (const mount of requested) {
    if (mount.type === 'bind') mounts.push(bindMount(mount, dataRoot));
    if (mount.type === 'tmpfs') mounts.push(mount);
    if (mount.type === 'image')
      mounts.push(
        await imageMount(
          environment,
          { mount, container, snapshotId: imageSnapshotId(container.id, mounts.length) },
          undo,
        ),
      );
    if (mount.type === 'volume') mounts.push(await volumeMount(environment, mount, undo));
  }
  return mounts;
}

async function volumeMount(
  { ports, events }: ContainerEnvironment,
  mount: Extract<RequestedMount, { type: 'volume' }>,
  undo: AsyncDisposableStack,
): Promise<ContainerMount> {
  const { name, driver, options, labels, destination, mode, readOnly, copyUp, subpath } = mount;
  const anonymous = name === undefined;
  const { volume, isNew } = await ports.volumes.create({
    labels,
    options,
    ...(driver !== '' && { driver }),
    ...(anonymous ? { anonymous: true } : { name }),
  });
  if (isNew) publishVolumeEvent(events, volume, 'create');
  if (anonymous) undo.defer(() => ports.volumes.remove(volume.name));
  const isLocal = volume.driver === 'local';
  return {
    type: 'volume',
    volumeName: volume.name,
    ...(!isLocal && { driver: volume.driver }),
    source: volume.mountpoint,
    destination,
    // SELinux's label is for what this host keeps itself.
    mode: isLocal || mode !== 'z' ? mode : '',
    readOnly,
    anonymous,
    copyUp,
    ...(subpath !== undefined && { subpath }),
  };
}

function bindMount(mount: Extract<RequestedMount, { type: 'bind' }>, dataRoot: string): ContainerMount {
  const { createSource, source } = mount;
  if (!createSource && statSync(source, { throwIfNoEntry: false }) === undefined) {
    throw new InvalidOptionError(
      `invalid mount config for type "bind": bind source path does not exist: ${source}`,
    );
  }
  return { ...mount, propagation: mount.propagation ?? defaultPropagation(source, dataRoot) };
}

/** A container that has the data root inside must let go of what is mounted there when the engine does, as in Docker. */
function defaultPropagation(source: string, dataRoot: string): BindPropagation {
  const holds = source === '/' || dataRoot === source || dataRoot.startsWith(`${source}/`);
  const lies = source.startsWith(`${dataRoot}/`);
  return (holds || lies) && isSharedOrSlave(source) ? 'rslave' : 'rprivate';
}

function isSharedOrSlave(source: string): boolean {
  const holder = mountHolder(source);
  return hasPropagation(holder, 'shared') || hasPropagation(holder, 'master');
}

/** The image's own file system, which nobody else has and nothing is written to. */
async function imageMount(
  { ports }: ContainerEnvironment,
  {
    mount,
    container,
    snapshotId,
  }: {
    mount: Extract<RequestedMount, { type: 'image' }>;
    container: MountParts['container'];
    snapshotId: string;
  },
  undo: AsyncDisposableStack,
): Promise<ContainerMount> {
  const { reference, destination, subpath } = mount;
  const image = await ports.images.resolve(reference);
  undo.defer(() => ports.snapshots.remove(snapshotId));
  const { idMaps } = container;
  await ports.snapshots.create(snapshotId, image.layers, idMaps && { idMaps });
  return {
    type: 'image',
    reference,
    imageId: image.id,
    snapshotId,
    destination,
    ...(subpath !== undefined && { subpath }),
  };
}
