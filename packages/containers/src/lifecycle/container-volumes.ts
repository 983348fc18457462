import { errorMessage } from '@gantry/base';
import { insideIds } from '@gantry/kernel';
import type { Container } from '../container.ts';
import type { ContainerEnvironment } from '../environment.ts';
import type { ContainerMount } from '../state/container-record.ts';

type VolumeMount = Extract<ContainerMount, { type: 'volume' }>;

/**
 * Brings a container's volume to the path that it returns, for `holder`, and before the container's first start fills it with what the
 * image has in its place. `unmountVolumes` takes it back.
 */
export async function mountVolume(
  { ports }: ContainerEnvironment,
  { record, state }: Container,
  { mount, holder, rootfs }: { mount: VolumeMount; holder: string; rootfs: string },
): Promise<string> {
  const place = await ports.volumes.mount(mount.volumeName, holder);
  if (mount.copyUp && state.last.startedAt === '') {
    const { idMaps } = record;
    // On its disk the owners are those that containers see, whatever users they have.
    const ids = idMaps && { ids: insideIds(idMaps) };
    await ports.volumes.copyUp(mount.volumeName, { rootfs, path: mount.destination, ...ids });
  }
  return place;
}

/** Lets go of all volumes that `holder` (the container's run, when missing) has mounted. Idempotent; what fails is logged. */
export async function unmountVolumes(
  { ports, logger }: ContainerEnvironment,
  { id, record }: Container,
  holder: string = id,
): Promise<void> {
  for (const mount of record.mounts) {
    if (mount.type !== 'volume') continue;
    const { volumeName } = mount;
    await ports.volumes.unmount(volumeName, holder).catch((error: unknown) => {
      logger.warn('a volume was not unmounted', { containerId: id, volumeName, error: errorMessage(error) });
    });
  }
}
