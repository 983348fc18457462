import { randomUUID } from 'node:crypto';
import { faultPoint } from '@gantry/base';
import type { Container } from '../container.ts';
import type { ContainerEnvironment } from '../environment.ts';
import { ContainerNotFoundError, ContainerStateError } from '../errors.ts';
import { mountVolume, unmountVolumes } from '../lifecycle/container-volumes.ts';
import { cancelUnmount, planUnmount } from '../lifecycle/plan-unmount.ts';
import { isActive } from '../state/container-state.ts';

/** A container's root file system, mounted for as long as this is held. */
export interface FileSystemUse extends Disposable {
  rootfs: string;
  /** Roots of the images that are mounted in it, by their snapshots' ids. */
  imageRoots: ReadonlyMap<string, string>;
  /** Roots of its volumes, by their names. */
  volumeRoots: ReadonlyMap<string, string>;
  /** Aborts when the container is removed, or the engine closes. */
  signal: AbortSignal;
}

/**
 * Mounts the file system of a container that does not run, and keeps one that is mounted; a container may start and end
 * meanwhile. Its lock is held only until this resolves. The caller disposes. Throws `ContainerStateError` for a container
 * that is being removed.
 */
export async function useFileSystem(
  environment: ContainerEnvironment,
  container: Container,
): Promise<FileSystemUse> {
  const { closing, locks, ports, registry } = environment;
  const { id } = container;
  const holder = `${id}-${randomUUID()}`;
  const { rootfs, imageRoots, volumeRoots } = await locks.run(id, async () => {
    if (registry.get(id) === undefined) throw new ContainerNotFoundError(id);
    const { status } = container.state;
    if (status === 'removing' || status === 'dead') {
      throw new ContainerStateError(id, `container ${id} is ${status}: its files are not to be had any more`);
    }
    cancelUnmount(container);
    await container.releasing;
    const mounted = await ports.snapshots.mount(id);
    faultPoint('cp/mounted');
    const volumes = await mountVolumes(environment, container, { holder, rootfs: mounted });
    const images = await mountImages(environment, container);
    container.fileSystemUses += 1;
    return { rootfs: mounted, imageRoots: images, volumeRoots: volumes };
  });
  let held = true;
  return {
    rootfs,
    imageRoots,
    volumeRoots,
    signal: AbortSignal.any([closing, container.removal.signal]),
    [Symbol.dispose]: () => {
      if (!held) return;
      held = false;
      container.fileSystemUses -= 1;
      void unmountVolumes(environment, container, holder);
      if (container.fileSystemUses > 0 || isInUse(environment, container)) return;
      planUnmount(environment, container);
    },
  };
}

/** A run has it mounted, or is about to, or a removal takes it away. */
function isInUse({ registry }: ContainerEnvironment, container: Container): boolean {
  const { state } = container;
  const starts = 'starting' in state && state.starting;
  return registry.get(container.id) === undefined || isActive(state) || starts || state.status === 'removing';
}

/** As the first start would: what is put into a volume before it must not keep the image's content out. */
async function mountVolumes(
  environment: ContainerEnvironment,
  container: Container,
  { holder, rootfs }: { holder: string; rootfs: string },
): Promise<Map<string, string>> {
  const roots = new Map<string, string>();
  try {
    for (const mount of container.record.mounts) {
      if (mount.type !== 'volume') continue;
      roots.set(mount.volumeName, await mountVolume(environment, container, { mount, holder, rootfs }));
    }
    return roots;
  } catch (error) {
    await unmountVolumes(environment, container, holder);
    throw error;
  }
}

async function mountImages(
  { ports }: ContainerEnvironment,
  { record }: Container,
): Promise<Map<string, string>> {
  const roots = new Map<string, string>();
  for (const mount of record.mounts) {
    if (mount.type === 'image') roots.set(mount.snapshotId, await ports.snapshots.mount(mount.snapshotId));
  }
  return roots;
}
