import { isErrno } from '../ffi/errno.ts';
import type { BytePath } from './byte-path.ts';
import type { Directory } from './directory.ts';
import { openFlags } from './flags.ts';
import { runInSlices, type SliceOptions } from './slices.ts';

export type RemoveTreeOptions = SliceOptions;

/** Deeper directories are moved up first, so that a tree of any depth needs few descriptors. */
const maxDepth = 64;
/** From this size on the kernel takes long enough to free a file's blocks to do it on another thread. */
const largeFileBytes = 64 * 1024 * 1024;

/**
 * Removes `name` in `parent` with everything below it, following no link. Idempotent. Gives the event loop its turn every
 * few milliseconds. Main thread only. Throws EBUSY for a mount point, and the signal's reason when it stops half way.
 */
export async function removeTree(
  parent: Directory,
  name: BytePath,
  options: RemoveTreeOptions = {},
): Promise<void> {
  await runInSlices(removeSteps({ top: parent, isAsync: true, moved: 0 }, parent, name, 0), options);
}

/** The same at once, on whatever thread. */
export function removeTreeSync(parent: Directory, name: BytePath): void {
  for (const _ of removeSteps({ top: parent, isAsync: false, moved: 0 }, parent, name, 0)) continue;
}

interface Removal {
  top: Directory;
  isAsync: boolean;
  /** Directories moved up so far; makes their names. */
  moved: number;
}

type Steps = Generator<Promise<void> | undefined, void, undefined>;

function* removeSteps(removal: Removal, parent: Directory, name: BytePath, depth: number): Steps {
  if (removal.isAsync && isLarge(parent, name)) {
    yield parent.unlinkAsync(name);
    return;
  }
  if (parent.tryUnlink(name)) {
    yield undefined;
    return;
  }
  if (depth >= maxDepth) {
    yield* removeMovedUp(removal, parent, name);
    return;
  }
  using directory = openIfThere(parent, name);
  if (directory === undefined) return;
  for (const child of directory.names()) yield* removeSteps(removal, directory, child, depth + 1);
  parent.rmdir(name);
  yield undefined;
}

function* removeMovedUp(removal: Removal, parent: Directory, name: BytePath): Steps {
  const place = `.removing-${process.pid}-${removal.moved++}`;
  parent.rename(name, removal.top, place);
  yield* removeSteps(removal, removal.top, place, 0);
}

function openIfThere(parent: Directory, name: BytePath): Directory | undefined {
  try {
    return parent.openDirectory(name, { flags: openFlags.path | openFlags.noFollow });
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
}

function isLarge(parent: Directory, name: BytePath): boolean {
  try {
    const stat = parent.stat(name);
    return stat.kind === 'file' && stat.links === 1 && stat.allocatedBytes >= largeFileBytes;
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return false;
    throw error;
  }
}
