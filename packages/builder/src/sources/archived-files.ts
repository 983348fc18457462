import { createReadStream } from 'node:fs';
import { faultPoint } from '@gantry/base';
import type { Digest } from '@gantry/oci';
import type { BuilderEnvironment } from '../builder-environment.ts';
import type { Keep } from '../steps/layers.ts';
import type { ArchiveIndex } from './archive-index.ts';
import { ArchiveTree } from './archive-tree.ts';
import type { SourceFiles } from './source-files.ts';

/** A layer tar that is not unpacked. */
export interface Archive {
  readonly diffId: Digest;
  /** Leads to it as long as the build goes on. */
  readonly path: string;
}

/** Files that lie in archives, base first, of which `index` knows all. Unpacked when somebody mounts them. */
export function archivedFiles(
  { ports }: Pick<BuilderEnvironment, 'ports'>,
  { archives, index }: { archives: readonly Archive[]; index: ArchiveIndex },
  { keep, signal }: { keep: Keep; signal: AbortSignal },
): SourceFiles {
  const ids = archives.map(({ diffId }) => diffId);
  const tree = new ArchiveTree(index.root);
  let unpacked: Promise<readonly Digest[]> | undefined;
  const unpack = async (): Promise<readonly Digest[]> => {
    for (const { diffId, path } of archives) {
      keep.keepLayer(diffId);
      await ports.content.ingest(bytesOf(path), { digest: diffId, lease: keep.lease, signal });
      const blobPath = ports.content.path(diffId);
      await ports.snapshots.unpackLayer({ diffId, blobPath, compression: 'none', signal });
      faultPoint('build/context-unpacked');
    }
    return ids;
  };
  return {
    ids,
    layers: () => (unpacked ??= unpack()),
    open: async () => ({ tree, [Symbol.asyncDispose]: async () => {} }),
  };
}

/** Opened when the first byte is asked for. */
async function* bytesOf(path: string): AsyncGenerator<Uint8Array, void, void> {
  yield* createReadStream(path);
}
