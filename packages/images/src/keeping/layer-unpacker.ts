import { readSync } from 'node:fs';
import type { BlobStore } from '@gantry/content';
import { compressionProbeBytes, type Descriptor, type Digest, detectCompression } from '@gantry/oci';
import type { ArrivingBlob, LayerInfo, PackedLayer, Snapshotter } from '@gantry/snapshots';
import { InvalidImageError } from '../errors.ts';
import type { RunnableNode } from '../reading/image-tree.ts';

export interface UnpackOptions {
  signal?: AbortSignal;
  /** Called with the compressed bytes of a layer consumed so far. */
  onProgress?: (layer: Descriptor, consumedBytes: number) => void;
}

/** Brings the layers of an image into the snapshotter, all at once. */
export class LayerUnpacker {
  readonly #content: BlobStore;
  readonly #snapshots: Snapshotter;

  constructor(content: BlobStore, snapshots: Snapshotter) {
    this.#content = content;
    this.#snapshots = snapshots;
  }

  /**
   * Unpacks what is not there yet; returns the layers, base first. When one fails the others are stopped, and none is
   * still at work when it throws the first error (the snapshotter's, or `ImageContentMissingError`).
   */
  async unpack(node: RunnableNode, options: UnpackOptions = {}): Promise<LayerInfo[]> {
    const stop = new AbortController();
    const signals = options.signal === undefined ? [stop.signal] : [stop.signal, options.signal];
    const signal = AbortSignal.any(signals);
    const diffIds = node.config.rootfs.diff_ids;
    let failure: { error: unknown } | undefined;
    const results = await Promise.all(
      node.manifest.layers.map(async (layer, at) => {
        try {
          return await this.unpackOne(layer, diffIds[at], { ...options, signal });
        } catch (error) {
          failure ??= { error };
          stop.abort();
          return undefined;
        }
      }),
    );
    if (failure !== undefined) throw failure.error;
    return results.filter((layer) => layer !== undefined);
  }

  /** The layers if all are unpacked; undefined otherwise. */
  async unpacked(diffIds: readonly Digest[]): Promise<LayerInfo[] | undefined> {
    const layers = await Promise.all(diffIds.map((diffId) => this.#snapshots.layer(diffId)));
    const present = layers.filter((layer) => layer !== undefined);
    return present.length === layers.length ? present : undefined;
  }

  /**
   * Unpacks a layer from the file in which its blob comes, which `blob` tells of. It is there when the blob was verified. Throws as `unpack`,
   * and what `blob` failed with.
   */
  async unpackArriving(
    layer: Descriptor,
    diffId: Digest,
    { file, blob, ...options }: UnpackOptions & { file: number; blob: ArrivingBlob },
  ): Promise<LayerInfo> {
    const start = Buffer.alloc(compressionProbeBytes);
    const length = readSync(file, start, 0, start.length, 0);
    return await this.#snapshots.unpackLayer({
      diffId,
      // Also when the file is renamed or removed meanwhile.
      blobPath: `/proc/self/fd/${file}`,
      arriving: blob,
      compression: knownCompression(start.subarray(0, length), layer),
      ...(options.signal && { signal: options.signal }),
      onProgress: (consumedBytes) => options.onProgress?.(layer, consumedBytes),
    });
  }

  /** Unpacks one layer, unless it is there. Throws as `unpack`. */
  async unpackOne(layer: Descriptor, diffId: Digest | undefined, options: UnpackOptions): Promise<LayerInfo> {
    if (diffId === undefined) throw new InvalidImageError(`layer ${layer.digest} has no diff id`);
    const known = await this.#snapshots.layer(diffId);
    if (known !== undefined) return known;
    const request: PackedLayer = {
      diffId,
      blobPath: this.#content.path(layer.digest),
      compression: await sniffLayer(this.#content, layer),
      onProgress: (consumedBytes) => options.onProgress?.(layer, consumedBytes),
    };
    if (options.signal !== undefined) request.signal = options.signal;
    return this.#snapshots.unpackLayer(request);
  }
}

/** How a layer is packed, by its first bytes: media types lie, and Docker believes the bytes too. Throws `InvalidImageError`. */
export async function sniffLayer(
  content: BlobStore,
  layer: Pick<Descriptor, 'digest'>,
): Promise<PackedLayer['compression']> {
  return knownCompression(await firstBytes(content, layer.digest), layer);
}

function knownCompression(
  start: Uint8Array,
  { digest }: Pick<Descriptor, 'digest'>,
): PackedLayer['compression'] {
  const compression = detectCompression(start);
  if (compression === 'xz' || compression === 'bzip2') {
    throw new InvalidImageError(
      `layer ${digest} is packed with ${compression}; only gzip and zstd are known`,
      {
        subject: digest,
      },
    );
  }
  return compression;
}

async function firstBytes(content: BlobStore, digest: Digest): Promise<Uint8Array> {
  let start = Buffer.alloc(0);
  for await (const chunk of content.read(digest)) {
    start = Buffer.concat([start, chunk.subarray(0, compressionProbeBytes)]);
    if (start.length >= compressionProbeBytes) break;
  }
  return start;
}
