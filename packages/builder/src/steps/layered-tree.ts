import { randomUUID } from 'node:crypto';
import { faultPoint } from '@gantry/base';
import { Directory, RootedTree, type UserNamespace } from '@gantry/kernel';
import type { Digest } from '@gantry/oci';
import type { BuilderEnvironment } from '../builder-environment.ts';

const idPrefix = 'build-';

/** Whether a file system or a process by that id belongs to a step of a build. */
export function isStepId(id: string): boolean {
  return id.startsWith(idPrefix);
}

/** Layers as a file system, mounted for the moment. */
export interface LayeredTree extends AsyncDisposable {
  readonly id: string;
  /** The root directory on the host. */
  readonly root: string;
  /** Opens it for look-ups that stay within; the caller disposes. */
  open(): RootedTree;
}

/**
 * Mounts layers, base first, with an empty writable layer on top that goes when it is disposed; with `users` as these see it: what is
 * root's belongs to their root.
 */
export async function mountLayers(
  { ports, steps }: Pick<BuilderEnvironment, 'ports' | 'steps'>,
  layers: readonly Digest[],
  users?: UserNamespace,
): Promise<LayeredTree> {
  const id = idPrefix + randomUUID();
  const remove = async (): Promise<void> => {
    await ports.snapshots.remove(id);
    steps.delete(id);
  };
  steps.add(id);
  try {
    await ports.snapshots.create(id, layers, { volatile: true, ...(users && { idMaps: users.maps }) });
    const root = await ports.snapshots.mount(id, users);
    faultPoint('build/layers-mounted');
    return {
      id,
      root,
      open: () => new RootedTree(Directory.openPath(root)),
      [Symbol.asyncDispose]: remove,
    };
  } catch (error) {
    await remove();
    throw error;
  }
}
