import {
  type Directory,
  type FileStat,
  type IdTranslation,
  keyBytes,
  openFlags,
  pathKey,
  unlessGone,
} from '@gantry/kernel';
import { isOpaque, isWhiteout } from '../unpack/whiteout.ts';
import { LowerDirectory, type LowerEntry } from './lower-directory.ts';
import { isSameFile } from './same-file.ts';

/** One difference between a writable snapshot and the layers below it. */
export interface TreeChange {
  kind: 'added' | 'modified' | 'deleted';
  /** Names from the root, as `pathKey`s. */
  at: readonly string[];
  /** The directory that holds it, or did; open until the next change is asked for. */
  directory: Directory;
  /** What is there now; undefined for a deletion. */
  stat: FileStat | undefined;
}

export interface FindChangesOptions {
  /** The tree holds everything that is to be seen, not only what differs: the layers were copied into it. */
  whole: boolean;
  /**
   * Places that a start makes to mount something there. Added as empty files, or as directories with nothing else in them,
   * they are no changes.
   */
  isStub?: (at: readonly string[]) => boolean;
  /** What the owners in `upper` are to those that use it; the layers have those already. */
  ids?: IdTranslation;
}

/**
 * What differs in `upper` (in overlayfs' terms) from `lowers`, a directory a layer, topmost first: a directory before what is
 * in it, names in the order of their bytes. What is below an added directory is added too; of a deleted one only itself
 * is told. A directory in which something changed is modified. In an overlay's upper directory every file is a change: it was
 * copied up to be written to. A live tree may be walked: what vanishes meanwhile is left out.
 */
export function* findChanges(
  upper: Directory,
  lowers: readonly Directory[],
  options: FindChangesOptions,
): Generator<TreeChange, void, undefined> {
  const lower = new LowerDirectory(lowers);
  yield* compare({ directory: upper, lower, at: [], hidesLower: options.whole }, options);
}

interface Comparison {
  directory: Directory;
  lower: LowerDirectory;
  at: readonly string[];
  /** Nothing below shows through: what is missing here was deleted. */
  hidesLower: boolean;
}

function* compare(here: Comparison, options: FindChangesOptions): Generator<TreeChange, void, undefined> {
  const { directory, lower, at } = here;
  const hidesLower = here.hidesLower || unlessGone(() => isOpaque(directory)) === true;
  const names = new Set((unlessGone(() => directory.names()) ?? []).map(pathKey));
  if (hidesLower) for (const name of lower.names()) names.add(name);
  for (const name of [...names].sort((a, b) => (a < b ? -1 : 1))) {
    const stat = unlessGone(() => directory.stat(keyBytes(name)));
    using below = lower.entry(name);
    const path = [...at, name];
    if (stat === undefined || isWhiteout(stat)) {
      if (below !== undefined) yield { kind: 'deleted', at: path, directory, stat: undefined };
    } else if (stat.kind === 'directory') {
      yield* compareDirectory({ directory, at: path, stat, below, hidesLower }, options);
    } else if (below === undefined) {
      const isStub = stat.kind === 'file' && stat.sizeBytes === 0 && options.isStub?.(path) === true;
      if (!isStub) yield { kind: 'added', at: path, directory, stat };
    } else if (!options.whole || !isSameFile({ ...stat, ...options.ids?.owner(stat) }, below.stat)) {
      yield { kind: 'modified', at: path, directory, stat };
    }
  }
}

interface FoundDirectory {
  directory: Directory;
  at: readonly string[];
  stat: FileStat;
  below: LowerEntry | undefined;
  hidesLower: boolean;
}

/** Tells of the directory itself no later than of the first change in it. */
function* compareDirectory(
  found: FoundDirectory,
  options: FindChangesOptions,
): Generator<TreeChange, void, undefined> {
  const { directory, at, stat, below } = found;
  const flags = openFlags.path | openFlags.noFollow;
  using child = unlessGone(() => directory.openDirectory(keyBytes(at.at(-1) ?? ''), { flags }));
  if (child === undefined) return;
  const wasDirectory = below?.stat.kind === 'directory';
  const owned = { ...stat, ...options.ids?.owner(stat) };
  const own: TreeChange = { kind: below === undefined ? 'added' : 'modified', at, directory, stat };
  const isStub = below === undefined && options.isStub?.(at) === true;
  let told = !isStub && !(wasDirectory && isSameFile(owned, below.stat));
  if (told) yield own;
  const lower = below?.directory ?? new LowerDirectory([]);
  const { hidesLower } = found;
  for (const change of compare({ directory: child, lower, at, hidesLower }, options)) {
    if (!told) yield own;
    told = true;
    yield change;
  }
}
