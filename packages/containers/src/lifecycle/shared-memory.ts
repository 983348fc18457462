import { existsSync, mkdirSync, rmdirSync } from 'node:fs';
import path from 'node:path';
import { isErrno, isMountPoint, mount, mountFlags, umount } from '@gantry/kernel';
import type { SharedMemory } from '@gantry/runtime';
import type { Container } from '../container.ts';
import { peerOf } from '../create/options/namespace-modes.ts';
import type { ContainerRegistry } from '../state/container-registry.ts';
import { hostRoot } from '../state/host-root.ts';

const hostSharedMemory = '/dev/shm';

/**
 * What a container gets at /dev/shm. A tmpfs that others are to join is mounted on the host, where they find it; any other
 * lives and dies with the container.
 */
export function sharedMemoryOf(container: Container, registry: ContainerRegistry): SharedMemory {
  const { IpcMode: mode, ShmSize: sizeBytes = 0 } = container.record.hostConfig;
  if (mode === 'none') return 'none';
  const shared = sharedPath(container, registry);
  return shared === undefined ? { sizeBytes } : { path: shared };
}

/** Where others find a container's /dev/shm; undefined when it is not shareable. */
export function sharedPath(container: Container, registry: ContainerRegistry): string | undefined {
  const seen = new Set<Container>();
  for (let donor: Container | undefined = container; donor !== undefined && !seen.has(donor); ) {
    seen.add(donor);
    const { IpcMode: mode } = donor.record.hostConfig;
    if (mode === 'host') return hostSharedMemory;
    if (mode === 'shareable') return mountPointOf(donor);
    const peer = peerOf(mode);
    donor = peer === undefined ? undefined : registry.tryFind(peer);
  }
  return undefined;
}

/** Before a start: mounts the tmpfs of a shareable container. Idempotent; nothing for any other. */
export function mountSharedMemory(container: Container): void {
  const { IpcMode: mode, ShmSize: sizeBytes = 0 } = container.record.hostConfig;
  if (mode !== 'shareable') return;
  const target = mountPointOf(container);
  mkdirSync(target, { recursive: true, mode: 0o700 });
  if (isMountPoint(target)) return;
  const { uid, gid } = hostRoot(container.record);
  const data = `mode=1777,size=${sizeBytes},uid=${uid},gid=${gid}`;
  const flags = mountFlags.noExec | mountFlags.noSuid | mountFlags.noDevices;
  mount({ source: 'shm', target, type: 'tmpfs', flags, data });
}

/** After the end: whoever joined keeps what it has mounted. Idempotent. */
export async function unmountSharedMemory(container: Container): Promise<void> {
  const target = mountPointOf(container);
  if (!existsSync(target)) return;
  await umount(target, { detach: true });
  try {
    rmdirSync(target);
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw error;
  }
}

function mountPointOf({ directory }: Container): string {
  return path.join(directory, 'shm');
}
