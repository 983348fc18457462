import { open } from 'node:fs/promises';
import type { PlainLayer } from '@gantry/images';
import { type TarHandler, TarParser } from '@gantry/oci';
import type { BuilderEnvironment } from '../builder-environment.ts';
import { ArchiveIndex } from './archive-index.ts';
import type { Archive } from './archived-files.ts';

const chunkBytes = 1024 * 1024;

/** Archives as one tree, base first. */
export interface OpenedArchives {
  readonly archives: readonly Archive[];
  readonly index: ArchiveIndex;
}

/** Lays archives of the content store over others; what it opens goes with `opened`. Throws `CorruptTarError`, ENOENT. */
export async function openStoredArchives(
  { ports }: Pick<BuilderEnvironment, 'ports'>,
  layers: readonly PlainLayer[],
  { opened, below }: { opened: AsyncDisposableStack; below?: OpenedArchives },
): Promise<OpenedArchives> {
  const index = below?.index ?? new ArchiveIndex();
  const archives = [...(below?.archives ?? [])];
  for (const { diffId } of layers) {
    const path = ports.content.path(diffId);
    archives.push({ diffId, path });
    const file = opened.use(await open(path, 'r'));
    const parser: TarParser = new TarParser(
      indexing(index, () => ({ fd: file.fd, offset: parser.position })),
    );
    const chunk = Buffer.allocUnsafe(chunkBytes);
    for (;;) {
      const { bytesRead } = await file.read(chunk, 0, chunkBytes, null);
      if (bytesRead === 0) break;
      parser.write(chunk.subarray(0, bytesRead));
    }
    parser.finish();
  }
  return { archives, index };
}

/** `place` tells where the content of the entry of the moment begins. */
function indexing(index: ArchiveIndex, place: () => { fd: number; offset: number }): TarHandler {
  return { entry: (entry) => index.add(entry, place()), data: () => {}, end: () => {} };
}
