import { randomUUID } from 'node:crypto';
import { Directory, RootedTree } from '@gantry/kernel';
import type { Digest } from '@gantry/oci';
import type { BuilderEnvironment } from '../builder-environment.ts';

/** Ids of snapshots and processes of builds begin so: what is left of them after a crash is known by it. */
export const buildIdPrefix = 'build-';

/** Layers as a file system, mounted for the moment. */
export interface LayeredTree extends AsyncDisposable {
  readonly id: string;
  /** The root directory on the host. */
  readonly root: string;
  /** Opens it for look-ups that stay within; the caller disposes. */
  open(): RootedTree;
}

/** Mounts layers, base first, with an empty writable layer on top that goes when it is disposed. */
export async function mountLayers(
  { ports }: Pick<BuilderEnvironment, 'ports'>,
  layers: readonly Digest[],
): Promise<LayeredTree> {
  const id = buildIdPrefix + randomUUID();
  await ports.snapshots.create(id, layers, { volatile: true });
  try {
    const root = await ports.snapshots.mount(id);
    return {
      id,
      root,
      open: () => new RootedTree(Directory.openPath(root)),
      [Symbol.asyncDispose]: () => ports.snapshots.remove(id),
    };
  } catch (error) {
    await ports.snapshots.remove(id);
    throw error;
  }
}
