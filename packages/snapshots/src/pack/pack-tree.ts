import {
  type BytePath,
  type Directory,
  type FileStat,
  type IdTranslation,
  keyBytes,
  openFlags,
  pathKey,
  type RootedTree,
  type TreePath,
  unlessGone,
} from '@gantry/kernel';
import { tarEnd } from '@gantry/oci';
import type { HolePolicy, PackStep } from './pack-content.ts';
import { directoryHeader, type Packing, packFile } from './pack-entry.ts';
import { fileByDescriptor, fileInDirectory, type PackedFile } from './packed-file.ts';
import { runSteps } from './run-steps.ts';

export interface PackTreeOptions {
  /** What is packed: a place of the tree, a file or a directory with all below it. */
  at: TreePath;
  /** Name of `at` in the archive (`.`, `etc`), with a slash in front of what is below; without it `at` has no entry. */
  name?: BytePath;
  /** What the owners of the files at a place are in the archive; the same when missing. */
  idsAt?: (at: TreePath) => IdTranslation | undefined;
  /**
   * What a file is in the archive: with other attributes, `omit` for nothing of it and of what is below, or `enter` for a
   * directory that has no entry itself. As it is when missing.
   */
  adjust?: (at: TreePath, stat: FileStat) => FileAdjustment | 'omit' | 'enter';
  /** `left-out` when missing: the archive of a layer. Any program may read one in which they are `filled`. */
  holes?: HolePolicy;
  /** More follows: the archive is not ended. */
  open?: boolean;
}

/** Attributes in the place of the file's own. */
export type FileAdjustment = Partial<Pick<FileStat, 'mode' | 'uid' | 'gid' | 'modifiedNs'>>;

/**
 * Packs a part of a tree that may be in use as a plain tar: names in the order of their bytes, times to the nanosecond,
 * extended attributes, hard links, holes. Grafts are packed in their places, links are not followed. What vanishes
 * meanwhile is left out, what shrinks is filled up with zeros, what grows is cut. `tree` stays the caller's, and open until
 * the end. Throws ENOENT when `at` is gone.
 */
export function packTree(tree: RootedTree, options: PackTreeOptions): AsyncIterable<Uint8Array> {
  return runSteps(packPlace(tree, options));
}

function* packPlace(
  tree: RootedTree,
  { at, name, idsAt, adjust, holes, open }: PackTreeOptions,
): Generator<PackStep, void, undefined> {
  const packing: Packing = { links: new Map(), live: true, ids: idsAt?.(at), holes };
  using place = tree.open(at);
  const adjusted = adjustFile(adjust, at, fileByDescriptor(place));
  if (adjusted === undefined) return;
  const { file, hasEntry } = adjusted;
  if (file.stat.kind !== 'directory') {
    if (hasEntry) yield* packFile(packing, keyBytes(pathKey(name ?? '')), file);
  } else {
    // The root's entry is `/`, and what is below starts with one slash.
    const key = pathKey(name ?? '');
    const prefix = name === undefined ? '' : key === '/' ? '/' : `${key}/`;
    if (name !== undefined && hasEntry) yield directoryHeader(packing, keyBytes(key), file);
    using directory = tree.openDirectory(at);
    yield* packChildren({ tree, packing, idsAt, adjust }, directory, at, prefix);
  }
  if (open !== true) yield tarEnd;
}

interface TreePacking {
  tree: RootedTree;
  packing: Packing;
  idsAt: PackTreeOptions['idsAt'];
  adjust: PackTreeOptions['adjust'];
}

function* packChildren(
  tree: TreePacking,
  directory: Directory,
  at: TreePath,
  prefix: string,
): Generator<PackStep, void, undefined> {
  const grafts = new Set(tree.tree.graftsIn(at));
  for (const key of childKeys(directory, grafts)) {
    const path = keyBytes(`${prefix}${key}`);
    const isGraft = grafts.has(key);
    using graft = isGraft ? tree.tree.open([...at, key]) : undefined;
    const found = graft === undefined ? childFile(directory, keyBytes(key)) : fileByDescriptor(graft);
    const adjusted = found && adjustFile(tree.adjust, [...at, key], found);
    if (adjusted === undefined) continue;
    const { file, hasEntry } = adjusted;
    const packing =
      tree.idsAt === undefined ? tree.packing : { ...tree.packing, ids: tree.idsAt([...at, key]) };
    if (file.stat.kind !== 'directory') {
      if (hasEntry) yield* packFile(packing, path, file);
      continue;
    }
    using child = isGraft
      ? tree.tree.openDirectory([...at, key])
      : unlessGone(() =>
          directory.openDirectory(keyBytes(key), { flags: openFlags.path | openFlags.noFollow }),
        );
    if (child === undefined) continue;
    const own = fileByDescriptor(child);
    if (hasEntry) yield directoryHeader(packing, path, { ...own, stat: { ...own.stat, ...file.adjustment } });
    yield* packChildren(tree, child, [...at, key], `${prefix}${key}/`);
  }
}

interface AdjustedFile {
  file: PackedFile & { adjustment: FileAdjustment };
  hasEntry: boolean;
}

function adjustFile(
  adjust: PackTreeOptions['adjust'],
  at: TreePath,
  file: PackedFile,
): AdjustedFile | undefined {
  const wanted = adjust?.(at, file.stat) ?? {};
  if (wanted === 'omit') return undefined;
  if (wanted === 'enter') return { file: { ...file, adjustment: {} }, hasEntry: false };
  return { file: { ...file, stat: { ...file.stat, ...wanted }, adjustment: wanted }, hasEntry: true };
}

/** Names as keys, in the order of their bytes, those of grafts among them. */
function childKeys(directory: Directory, grafts: ReadonlySet<string>): string[] {
  const names = new Set([...(unlessGone(() => directory.names()) ?? []).map(pathKey), ...grafts]);
  return [...names].sort((a, b) => (a < b ? -1 : 1));
}

function childFile(directory: Directory, name: Uint8Array): PackedFile | undefined {
  const stat = unlessGone(() => directory.stat(name));
  return stat === undefined ? undefined : fileInDirectory(directory, name, stat);
}
