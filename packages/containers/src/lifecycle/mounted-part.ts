import { closeSync, mkdirSync, openSync, readdirSync, rmdirSync, unlinkSync } from 'node:fs';
import path from 'node:path';
import {
  bindMount,
  type Descriptor,
  isErrno,
  mountMapped,
  setPropagation,
  statAt,
  type UserNamespace,
  umount,
} from '@gantry/kernel';

/**
 * Mounts an open file or directory at a fresh place in `folder`, so that a runtime finds it by a path that nobody else can
 * change; with the owners of `namespace`, if one is given. Disposing takes the place away; what was bound from it meanwhile
 * stays.
 */
export function mountPart(
  folder: string,
  name: string,
  place: Descriptor,
  namespace?: UserNamespace,
): { path: string } & AsyncDisposable {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const target = path.join(folder, name);
  if (statAt(place.fd, '').kind === 'directory') mkdirSync(target, { mode: 0o700 });
  else closeSync(openSync(target, 'wx', 0o600));
  try {
    if (namespace === undefined) bindMount(place.path, target, { recursive: true });
    else mountMapped(place.path, target, namespace, { recursive: true });
  } catch (error) {
    removePlace(target);
    throw error;
  }
  setPropagation(target, 'private', { recursive: true });
  return { path: target, [Symbol.asyncDispose]: () => unmountPart(target) };
}

/** Takes away what an engine left in `folder` that died in the middle of a start. */
export async function unmountParts(folder: string): Promise<void> {
  for (const name of namesIn(folder)) await unmountPart(path.join(folder, name));
}

/** Never by removing a tree: what is mounted there is somebody's data. */
async function unmountPart(target: string): Promise<void> {
  while (await umount(target, { detach: true })) continue;
  removePlace(target);
}

function removePlace(target: string): void {
  try {
    rmdirSync(target);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return;
    if (!isErrno(error, 'ENOTDIR')) throw error;
    unlinkSync(target);
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return [];
    throw error;
  }
}
