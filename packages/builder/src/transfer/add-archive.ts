import { posix } from 'node:path';
import { decompress, sniffStream } from '@gantry/images';
import { keyBytes, type TreePath } from '@gantry/kernel';
import { encodeTarHeader, readTar, tarPadding, tarStoredBytes } from '@gantry/oci';
import { InvalidBuildError } from '../errors.ts';
import type { SourceTree } from '../sources/source-tree.ts';

/** An archive of the source tree that ADD unpacks. */
export interface PlannedArchive {
  readonly at: TreePath;
  /** The directory that it is unpacked into. */
  readonly into: TreePath;
}

/** Whether a file is a tar archive, plain or compressed; by what is in it, not by its name. */
export async function isArchive(tree: SourceTree, at: TreePath): Promise<boolean> {
  try {
    for await (const _ of readTar(readArchive(tree, at))) return true;
    return false;
  } catch {
    return false;
  }
}

/** The archive's members as members of a layer. Of everything `owner`, or the archive's own when it is missing. */
export async function* packArchive(
  tree: SourceTree,
  { at, into }: PlannedArchive,
  owner: { readonly uid: number; readonly gid: number } | undefined,
): AsyncGenerator<Uint8Array, void, void> {
  for await (const { entry, content } of readTar(readArchive(tree, at))) {
    const name = placed(into, entry.name);
    if (name === undefined) continue;
    const linkName =
      entry.type === 'hard-link' ? (placed(into, entry.linkName) ?? entry.linkName) : entry.linkName;
    yield encodeTarHeader({ ...entry, name, linkName, ...owner });
    yield* content;
    yield tarPadding(tarStoredBytes(entry));
  }
}

async function* readArchive(tree: SourceTree, at: TreePath): AsyncGenerator<Uint8Array, void, void> {
  const { compression, stream } = await sniffStream(tree.read(at));
  yield* decompress(stream, compression);
}

/** `..` never leads out of the directory; the archive's own root is no member. */
function placed(into: TreePath, name: Uint8Array): Uint8Array | undefined {
  const inside = posix.join('/', Buffer.from(name).toString('latin1')).slice(1).replace(/\/$/, '');
  if (inside === '') return undefined;
  refuseMark(posix.basename(inside));
  return keyBytes([...into, inside].join('/'));
}

/** A layer says by such names that something is gone. Throws `InvalidBuildError`. */
export function refuseMark(name: string): void {
  if (!name.startsWith('.wh.')) return;
  throw new InvalidBuildError(
    `cannot put ${name} into an image: names that begin with .wh. are marks of layers`,
  );
}
