import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import { EngineError } from '@gantry/base';
import type { Digest } from '@gantry/oci';
import type {
  DiskUsage,
  LayerInfo,
  LayerReception,
  ListedLayer,
  PackedLayer,
  ReceivedLayer,
  SnapshotChange,
  Snapshotter,
} from '@gantry/snapshots';

/** Knows which layers were unpacked, after reading and verifying them; unpacks nothing. */
export class MemorySnapshotter implements Snapshotter {
  readonly #layers = new Map<Digest, LayerInfo>();
  readonly #snapshots = new Map<string, readonly Digest[]>();

  async unpackLayer(layer: PackedLayer): Promise<LayerInfo> {
    layer.signal?.throwIfAborted();
    const known = this.#layers.get(layer.diffId);
    if (known !== undefined) return known;
    const packed = await readFile(layer.blobPath);
    const tar = unpack(packed, layer.compression);
    layer.signal?.throwIfAborted();
    layer.onProgress?.(packed.length);
    return this.#add(layer.diffId, tar);
  }

  #add(diffId: Digest, tar: Buffer): LayerInfo {
    const actual: Digest = `sha256:${createHash('sha256').update(tar).digest('hex')}`;
    if (actual !== diffId) {
      throw new EngineError('corrupt', 'layer-mismatch', `layer ${diffId} has the diff id ${actual}`);
    }
    const info = { diffId: actual, path: `/layers/${actual}`, sizeBytes: tar.length, entries: 1 };
    this.#layers.set(actual, info);
    return info;
  }

  /** Reads the file at the end. */
  receiveLayer({ blobPath, signal }: ReceivedLayer): LayerReception {
    return {
      finish: async (diffId) => {
        signal?.throwIfAborted();
        return this.#add(diffId, await readFile(blobPath));
      },
      [Symbol.asyncDispose]: async () => {},
    };
  }

  async layer(diffId: Digest): Promise<LayerInfo | undefined> {
    return this.#layers.get(diffId);
  }

  async layers(): Promise<ListedLayer[]> {
    const used = new Set([...this.#snapshots.values()].flat());
    return [...this.#layers.values()].map((layer) => ({ ...layer, isUsed: used.has(layer.diffId) }));
  }

  async removeLayer(diffId: Digest): Promise<void> {
    for (const [id, layers] of this.#snapshots) {
      if (layers.includes(diffId)) {
        throw new EngineError('conflict', 'layer-in-use', `layer ${diffId} is in use by ${id}`);
      }
    }
    this.#layers.delete(diffId);
  }

  async create(id: string, layers: readonly Digest[]): Promise<void> {
    this.#snapshots.set(id, layers);
  }

  async mount(id: string): Promise<string> {
    return `/snapshots/${id}`;
  }

  async unmount(): Promise<void> {}

  async remove(id: string): Promise<void> {
    this.#snapshots.delete(id);
  }

  async list(): Promise<string[]> {
    return [...this.#snapshots.keys()];
  }

  async usage(): Promise<DiskUsage> {
    return { sizeBytes: 0, entries: 0 };
  }

  async *changes(): AsyncGenerator<SnapshotChange> {}

  async *packChanges(): AsyncGenerator<Uint8Array> {}

  async *packDirectory(): AsyncGenerator<Uint8Array> {}
}

function unpack(packed: Buffer, compression: PackedLayer['compression']): Buffer {
  try {
    if (compression === 'none') return packed;
    return compression === 'gzip' ? gunzipSync(packed) : zstdDecompressSync(packed);
  } catch (cause) {
    throw new EngineError('corrupt', 'layer-corrupt', 'damaged layer', { cause });
  }
}
