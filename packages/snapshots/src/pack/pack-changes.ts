import { keyBytes, openFlags, unlessGone } from '@gantry/kernel';
import { tarEnd } from '@gantry/oci';
import type { TreeChange } from '../changes/find-changes.ts';
import { type WrittenTree, walkChanges } from '../changes/written-tree.ts';
import type { ChangesOptions } from '../snapshotter.ts';
import type { PackStep } from './pack-content.ts';
import { refuseWhiteoutName } from './pack-directory.ts';
import { directoryHeader, type Packing, packFile, whiteoutHeader } from './pack-entry.ts';
import { fileByDescriptor, fileInDirectory } from './packed-file.ts';
import { runSteps } from './run-steps.ts';

/**
 * Packs what differs from the layers as a layer: on top of them it makes the same tree. The tree may be in use. Throws
 * `UnpackableFileError` for a name that means a whiteout.
 */
export function packChanges(tree: WrittenTree, options: ChangesOptions): AsyncIterable<Uint8Array> {
  return runSteps(packAll(tree, options));
}

function* packAll(tree: WrittenTree, options: ChangesOptions): Generator<PackStep, void, undefined> {
  const packing: Packing = { links: new Map(), live: true, ids: tree.ids };
  for (const change of walkChanges(tree, options)) yield* packChange(packing, change);
  yield tarEnd;
}

function* packChange(
  packing: Packing,
  { at, directory, stat }: TreeChange,
): Generator<PackStep, void, undefined> {
  const name = keyBytes(at.at(-1) ?? '');
  if (stat === undefined) {
    const prefix = at.slice(0, -1).map((key) => `${key}/`);
    yield whiteoutHeader(prefix.join(''), name);
    return;
  }
  const path = keyBytes(at.join('/'));
  refuseWhiteoutName(name, path);
  if (stat.kind !== 'directory') {
    yield* packFile(packing, path, fileInDirectory(directory, name, stat));
    return;
  }
  const flags = openFlags.path | openFlags.noFollow;
  using child = unlessGone(() => directory.openDirectory(name, { flags }));
  if (child !== undefined) yield directoryHeader(packing, path, fileByDescriptor(child));
}
