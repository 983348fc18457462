import { createHash } from 'node:crypto';
import type { BlobInfo, BlobLease, BlobStore } from '@gantry/content';
import type { ArchiveCompression, Digest, LayerCompression } from '@gantry/oci';
import { bounded } from '../archives/bounded.ts';
import { compress } from '../archives/compress.ts';
import { decompress, sniffStream } from '../archives/decompress.ts';
import type { ImageLimits } from '../limits.ts';

/** A layer as a blob. */
export interface StoredLayerBlob {
  blob: BlobInfo;
  diffId: Digest;
  compression: LayerCompression;
}

export interface StoreLayerOptions {
  content: BlobStore;
  limits: ImageLimits;
  lease: BlobLease;
  /** Stores a plain archive as gzip. */
  compress?: boolean;
  signal?: AbortSignal;
  /** Called with the bytes stored so far. */
  onProgress?: (storedBytes: number) => void;
}

/**
 * Stores a layer tar. Plain, gzip and zstd archives are stored as they came: nothing is packed again, and the layer's digest is
 * the one that the user's file has. For xz and bzip2 there is no layer type, so they are stored as gzip, which every reader of a
 * saved image knows.
 */
export async function storeLayer(
  archive: AsyncIterable<Uint8Array>,
  { content, limits, lease, compress: packs, signal, onProgress }: StoreLayerOptions,
): Promise<StoredLayerBlob> {
  const { compression, stream } = await sniffStream(archive);
  const options = {
    lease,
    ...(signal === undefined ? {} : { signal }),
    ...(onProgress === undefined ? {} : { onProgress }),
  };
  if (compression === 'xz' || compression === 'bzip2' || (packs === true && compression === 'none')) {
    const plain = bounded(decompress(stream, compression, signal), limits.archiveBytes, 'archive');
    const hash = createHash('sha256');
    const blob = await content.ingest(
      compress(
        tee(plain, (chunk) => hash.update(chunk)),
        'gzip',
      ),
      options,
    );
    return { blob, diffId: `sha256:${hash.digest('hex')}`, compression: 'gzip' };
  }
  const blob = await content.ingest(bounded(stream, limits.blobBytes, 'archive'), options);
  return { blob, diffId: await diffIdOf({ content, limits }, blob, compression, signal), compression };
}

async function diffIdOf(
  { content, limits }: Pick<StoreLayerOptions, 'content' | 'limits'>,
  blob: BlobInfo,
  compression: ArchiveCompression,
  signal?: AbortSignal,
): Promise<Digest> {
  if (compression === 'none') return blob.digest;
  const hash = createHash('sha256');
  const plain = decompress(content.read(blob.digest), compression, signal);
  for await (const chunk of bounded(plain, limits.archiveBytes, 'archive')) hash.update(chunk);
  return `sha256:${hash.digest('hex')}`;
}

async function* tee(
  source: AsyncIterable<Uint8Array>,
  visit: (chunk: Uint8Array) => void,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of source) {
    visit(chunk);
    yield chunk;
  }
}
