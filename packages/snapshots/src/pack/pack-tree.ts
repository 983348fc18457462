import {
  type Directory,
  type IdTranslation,
  keyBytes,
  openFlags,
  pathKey,
  type RootedTree,
  type TreePath,
  unlessGone,
} from '@gantry/kernel';
import { tarEnd } from '@gantry/oci';
import type { PackStep } from './pack-content.ts';
import { directoryHeader, type Packing, packFile } from './pack-entry.ts';
import { fileByDescriptor, fileInDirectory, type PackedFile } from './packed-file.ts';
import { runSteps } from './run-steps.ts';

export interface PackTreeOptions {
  /** What is packed: a place of the tree, a file or a directory with all below it. */
  at: TreePath;
  /** Name of `at` in the archive (`.`, `etc`), with a slash in front of what is below; without it `at` has no entry. */
  name?: string;
  /** What the owners of the files at a place are in the archive; the same when missing. */
  idsAt?: (at: TreePath) => IdTranslation | undefined;
}

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
  { at, name, idsAt }: PackTreeOptions,
): Generator<PackStep, void, undefined> {
  const packing: Packing = { links: new Map(), live: true, ids: idsAt?.(at) };
  using place = tree.open(at);
  const file = fileByDescriptor(place);
  if (file.stat.kind !== 'directory') {
    yield* packFile(packing, Buffer.from(name ?? ''), file);
  } else {
    // The root's entry is `/`, and what is below starts with one slash.
    const prefix = name === undefined ? '' : name === '/' ? '/' : `${pathKey(name)}/`;
    if (name !== undefined) yield directoryHeader(packing, Buffer.from(name), file);
    using directory = tree.openDirectory(at);
    yield* packChildren({ tree, packing, idsAt }, directory, at, prefix);
  }
  yield tarEnd;
}

interface TreePacking {
  tree: RootedTree;
  packing: Packing;
  idsAt: PackTreeOptions['idsAt'];
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
    const file = graft === undefined ? childFile(directory, keyBytes(key)) : fileByDescriptor(graft);
    if (file === undefined) continue;
    const packing =
      tree.idsAt === undefined ? tree.packing : { ...tree.packing, ids: tree.idsAt([...at, key]) };
    if (file.stat.kind !== 'directory') {
      yield* packFile(packing, path, file);
      continue;
    }
    using child = isGraft
      ? tree.tree.openDirectory([...at, key])
      : unlessGone(() =>
          directory.openDirectory(keyBytes(key), { flags: openFlags.path | openFlags.noFollow }),
        );
    if (child === undefined) continue;
    yield directoryHeader(packing, path, fileByDescriptor(child));
    yield* packChildren(tree, child, [...at, key], `${prefix}${key}/`);
  }
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
