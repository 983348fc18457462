import { createHash, randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import type { Digest } from '@gantry/oci';
import { type TarMember, tarArchive } from '@gantry/testkit';
import type { PackedLayer } from '../src/snapshotter.ts';

export interface LayerFileOptions {
  compression?: PackedLayer['compression'];
  /** Changes the compressed bytes after the digest was taken. */
  damage?: (blob: Buffer) => Uint8Array;
}

/** What `unpackLayer` takes. */
export type LayerFile = PackedLayer;

/** Writes a layer blob into `folder`, from tar members or from the bytes of a tar. */
export function layerFile(
  folder: string,
  content: readonly TarMember[] | Uint8Array,
  options: LayerFileOptions = {},
): LayerFile {
  const tar = content instanceof Uint8Array ? content : tarArchive(content);
  const diffId: Digest = `sha256:${createHash('sha256').update(tar).digest('hex')}`;
  const { compression = 'none', damage = (blob: Buffer) => blob } = options;
  const blobPath = path.join(folder, `blob-${randomUUID()}`);
  writeFileSync(blobPath, damage(compress(tar, compression)));
  return { diffId, blobPath, compression };
}

function compress(tar: Uint8Array, compression: PackedLayer['compression']): Buffer {
  if (compression === 'gzip') return gzipSync(tar);
  if (compression === 'zstd') return zstdCompressSync(tar);
  return Buffer.from(tar);
}
