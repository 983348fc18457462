import { chmodSync, chownSync, mkdirSync, rmdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { faultPoint } from '@gantry/base';
import { bindMount, isErrno, setPropagation, umount } from '@gantry/kernel';
import type { RuntimeSpec } from '@gantry/oci';
import type { RuntimeFolders } from '../container-files.ts';
import { UnreachableRootError } from '../errors.ts';

/*
 * An OCI runtime opens the root file system when it is in the container's user namespace already, where the host's root is
 * nobody: no directory on the way may keep it out. The data root does (CVE-2021-41091), so that the root file system is
 * mounted for the moment of the start at a place that the container's root can reach, and nobody else.
 */

export function hasUserNamespace({ linux }: Pick<RuntimeSpec, 'linux'>): boolean {
  return linux.namespaces.some(({ type }) => type === 'user');
}

/** Where `placeRoot` mounts it. */
export function reachableRoot({ roots }: RuntimeFolders, containerId: string): string {
  return path.join(roots, containerId, 'rootfs');
}

/**
 * Mounts the root of a container with a user namespace at its reachable place, until it is disposed; nothing for any other.
 * Throws `UnreachableRootError` when a directory above keeps others out.
 */
export async function placeRoot(
  folders: RuntimeFolders,
  containerId: string,
  spec: RuntimeSpec,
): Promise<AsyncDisposable | undefined> {
  if (!hasUserNamespace(spec)) return undefined;
  const { uidMappings = [], gidMappings = [] } = spec.linux;
  const root = { uid: hostIdOfRoot(uidMappings), gid: hostIdOfRoot(gidMappings) };
  checkReachable(folders.roots, root);
  const target = reachableRoot(folders, containerId);
  const folder = path.dirname(target);
  mkdirSync(target, { recursive: true, mode: 0o700 });
  chownSync(folder, 0, root.gid);
  chmodSync(folder, 0o710);
  await using undo = new AsyncDisposableStack();
  undo.defer(() => releaseRoot(folders, containerId));
  bindMount(spec.root.path, target, { recursive: true });
  setPropagation(target, 'private', { recursive: true });
  faultPoint('mapped-start/root-placed');
  return undo.move();
}

/** Takes the place away, whoever made it; whoever has it in a mount namespace of his own keeps it. Idempotent. */
export async function releaseRoot(folders: RuntimeFolders, containerId: string): Promise<void> {
  const target = reachableRoot(folders, containerId);
  while (await umount(target, { detach: true })) continue;
  for (const directory of [target, path.dirname(target)]) {
    try {
      rmdirSync(directory);
    } catch (error) {
      if (!isErrno(error, 'ENOENT')) throw error;
    }
  }
}

function hostIdOfRoot(ranges: readonly { containerID: number; hostID: number }[]): number {
  return ranges.find(({ containerID }) => containerID === 0)?.hostID ?? 0;
}

function checkReachable(folder: string, root: { uid: number; gid: number }): void {
  for (let directory = folder; ; directory = path.dirname(directory)) {
    const { mode, uid, gid } = statSync(directory);
    const search = uid === root.uid ? 0o100 : gid === root.gid ? 0o010 : 0o001;
    if ((mode & search) === 0) throw new UnreachableRootError(directory, root);
    if (directory === path.dirname(directory)) return;
  }
}
