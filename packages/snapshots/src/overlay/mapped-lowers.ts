import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { faultPoint } from '@gantry/base';
import {
  createUserNamespace,
  type IdMaps,
  mount,
  mountFlags,
  mountMapped,
  setPropagation,
  type UserNamespace,
  umount,
} from '@gantry/kernel';

/** Layers shown with other owners; gone when it is disposed, and an overlay that was mounted over them keeps them. */
export interface MappedLowers extends AsyncDisposable {
  paths: readonly string[];
}

/**
 * Mounts layers with the ids of a user namespace in `folder`, for the moment in which an overlay is made of them; the layers
 * themselves stay as they are. What a killed engine left of it is taken away first. Throws `UnmappableMountError`.
 */
export async function mapLowers(
  folder: string,
  lowers: readonly string[],
  { maps, namespace }: { maps: IdMaps; namespace: UserNamespace | undefined },
): Promise<MappedLowers> {
  await unmapLowers(folder);
  using made = namespace === undefined ? await createUserNamespace(maps) : undefined;
  const owner = namespace ?? made;
  const place = placeIn(folder);
  mkdirSync(place, { recursive: true, mode: 0o700 });
  // One mount to take away with all that is mounted in it; private, so that nobody else gets copies.
  mount({ source: 'lowers', target: place, type: 'tmpfs', flags: mountFlags.noDevices, data: 'mode=700' });
  await using undo = new AsyncDisposableStack();
  undo.defer(() => unmapLowers(folder));
  setPropagation(place, 'private');
  const paths = lowers.map((lower, index) => {
    const target = path.join(place, String(index));
    mkdirSync(target);
    if (owner !== undefined) mountMapped(lower, target, owner, { readOnly: true });
    return target;
  });
  faultPoint('mapped-start/lowers-mapped');
  const held = undo.move();
  return { paths, [Symbol.asyncDispose]: () => held.disposeAsync() };
}

/** Idempotent. */
export async function unmapLowers(folder: string): Promise<void> {
  while (await umount(placeIn(folder), { detach: true })) continue;
}

function placeIn(folder: string): string {
  return path.join(folder, 'lowers');
}
