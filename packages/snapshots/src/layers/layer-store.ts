import { randomUUID } from 'node:crypto';
import { chmodSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import type { Clock, Logger } from '@gantry/base';
import { Directory, statPath, type Trash, treeUsage } from '@gantry/kernel';
import { type Digest, digestHex, parseDigest } from '@gantry/oci';
import { readBootId } from '../boot-id.ts';
import { LayerMismatchError, LayerNotFoundError, StorageFullError } from '../errors.ts';
import type { LayerInfo, LayerReception, PackedLayer, ReceivedLayer } from '../snapshotter.ts';
import type { WrittenLayer } from '../unpack/layer-writer.ts';
import type { UnpackPool } from '../unpack/unpack-pool.ts';
import { writeDurableFile } from './durable-file.ts';
import { type LayerRecord, readLayerRecord } from './layer-record.ts';
import { LayerSettler } from './layer-settler.ts';
import { SharedWork } from './shared-work.ts';

export interface LayerStoreOptions {
  /** The snapshotter's root; `layers/` and `incoming/` lie in it. */
  root: string;
  logger: Logger;
  clock: Clock;
  pool: UnpackPool;
  trash: Trash;
  /** A writable snapshot stands on the layer, and a container may be running on it. */
  isUsed: (diffId: Digest) => boolean;
}

/** A layer and what the root directory of a snapshot on it looks like. */
export interface StoredLayer extends LayerInfo {
  hasRoot: boolean;
}

export interface RootAttributes {
  uid: number;
  gid: number;
  mode: number;
}

const defaultBounds = { maxBytes: 64 * 1024 ** 3, maxEntries: 2_000_000 };
const hexName = /^[0-9a-f]{64}$/;

/**
 * Unpacked layers by diff id: `layers/<hex>/fs` and `layers/<hex>/layer.json`, put there by one rename. A layer can be unpacked
 * again from its blob, so nobody waits until it is on its medium but who stands on it for good (`settled`).
 */
export class LayerStore implements AsyncDisposable {
  readonly #options: LayerStoreOptions;
  readonly #layers = new Map<Digest, StoredLayer>();
  readonly #unpacking = new SharedWork<StoredLayer>();
  readonly #bootId: string;
  readonly #settler: LayerSettler;

  private constructor(options: LayerStoreOptions, bootId: string) {
    this.#options = options;
    this.#bootId = bootId;
    this.#settler = new LayerSettler(options);
  }

  /**
   * Throws away what was half unpacked, layers whose record is damaged, and those that the host's end found in memory: the blob
   * is still there to unpack again. One that is in use stays, and gets a new record.
   */
  static async open(options: LayerStoreOptions): Promise<LayerStore> {
    const store = new LayerStore(options, await readBootId());
    for (const name of ['layers', 'incoming']) {
      mkdirSync(path.join(options.root, name), { recursive: true, mode: 0o700 });
    }
    for (const name of await readdir(store.#incoming))
      options.trash.throwAway(path.join(store.#incoming, name));
    for (const name of await readdir(store.#folder)) await store.#load(name);
    return store;
  }

  get(diffId: Digest): StoredLayer | undefined {
    return this.#layers.get(diffId);
  }

  list(): StoredLayer[] {
    return [...this.#layers.values()];
  }

  /** In the order given. Throws `LayerNotFoundError`. */
  getAll(diffIds: readonly Digest[]): StoredLayer[] {
    return diffIds.map((diffId) => {
      const layer = this.#layers.get(diffId);
      if (layer === undefined) throw new LayerNotFoundError(diffId);
      return layer;
    });
  }

  /** See `Snapshotter.unpackLayer`. */
  async unpack(layer: PackedLayer): Promise<StoredLayer> {
    layer.signal?.throwIfAborted();
    const existing = this.#layers.get(layer.diffId);
    if (existing !== undefined) return existing;
    // Whoever has the blob whole need not wait for a registry; who is first has the layer.
    if (layer.arriving !== undefined) return await this.#unpack(layer, layer.signal);
    return this.#unpacking.run(layer.diffId, (signal) => this.#unpack(layer, signal), layer.signal);
  }

  /** See `Snapshotter.receiveLayer`. */
  receive({ blobPath, arriving, signal }: ReceivedLayer): LayerReception {
    const folder = this.#beginFolder();
    const stop = new AbortController();
    const signals = signal === undefined ? [stop.signal] : [stop.signal, signal];
    const directory = path.join(folder, 'fs');
    const writing = this.#options.pool.run(
      { diffId: undefined, blobPath, compression: 'none', directory, ...defaultBounds },
      { arriving, signal: AbortSignal.any(signals) },
    );
    writing.catch(() => {});
    let isPublished = false;
    return {
      finish: async (diffId) => {
        const written = await writing;
        if (written.diffId !== diffId) {
          const reason = `its content has the digest ${written.diffId}`;
          throw new LayerMismatchError({ digest: diffId, reason });
        }
        isPublished = true;
        return this.#publish(folder, diffId, written);
      },
      [Symbol.asyncDispose]: async () => {
        stop.abort();
        await writing.catch(() => {});
        if (!isPublished) this.#options.trash.throwAway(folder);
      },
    };
  }

  /** Resolves when these layers survive the end of the host. Throws a `KernelError`: EIO, ENOSPC. */
  settled(diffIds: readonly Digest[]): Promise<void> {
    return this.#settler.settled(diffIds);
  }

  /** Idempotent. */
  remove(diffId: Digest): void {
    this.#layers.delete(diffId);
    this.#settler.forget(diffId);
    this.#options.trash.throwAway(path.join(this.#folder, digestHex(diffId)));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#settler[Symbol.asyncDispose]();
  }

  get #folder(): string {
    return path.join(this.#options.root, 'layers');
  }

  get #incoming(): string {
    return path.join(this.#options.root, 'incoming');
  }

  async #load(name: string): Promise<void> {
    const folder = path.join(this.#folder, name);
    const read = await readLayerRecord(path.join(folder, 'layer.json'));
    const diffId = hexName.test(name) ? parseDigest(`sha256:${name}`) : undefined;
    const fault = this.#faultOf(read, diffId);
    if (fault === undefined && 'diffId' in read) {
      this.#remember(folder, read);
      return;
    }
    this.#options.logger.warn('an unpacked layer has no valid record', { path: folder, reason: fault });
    if (diffId !== undefined && this.#options.isUsed(diffId)) await this.#repair(folder, diffId);
    else this.#options.trash.throwAway(folder);
  }

  #faultOf(read: LayerRecord | { fault: string }, diffId: Digest | undefined): string | undefined {
    if ('fault' in read) return read.fault;
    if (read.diffId !== diffId) return 'its name is not its digest';
    if (read.bootId === undefined || read.bootId === this.#bootId) return undefined;
    return 'the host went down before it was on its medium';
  }

  /** A layer came to its place whole: what is lost is what its record said. */
  async #repair(folder: string, diffId: Digest): Promise<void> {
    using directory = Directory.openPath(path.join(folder, 'fs'));
    const record: LayerRecord = { version: 1, diffId, ...(await treeUsage(directory)), hasRoot: true };
    await writeDurableFile(path.join(folder, 'layer.json'), JSON.stringify(record));
    this.#remember(folder, record);
  }

  #remember(folder: string, { bootId, ...record }: LayerRecord): StoredLayer {
    const { diffId, sizeBytes, entries, hasRoot } = record;
    if (bootId !== undefined) this.#settler.add(diffId, { file: path.join(folder, 'layer.json'), record });
    const layer: StoredLayer = { diffId, path: path.join(folder, 'fs'), sizeBytes, entries, hasRoot };
    this.#layers.set(diffId, layer);
    return layer;
  }

  #beginFolder(): string {
    const folder = path.join(this.#incoming, randomUUID());
    const directory = path.join(folder, 'fs');
    mkdirSync(directory, { recursive: true });
    chmodSync(directory, 0o755);
    return folder;
  }

  async #unpack(layer: PackedLayer, signal?: AbortSignal): Promise<StoredLayer> {
    const folder = this.#beginFolder();
    const directory = path.join(folder, 'fs');
    try {
      const { diffId, blobPath, compression, arriving, onProgress } = layer;
      const written = await this.#options.pool.run(
        {
          diffId,
          blobPath,
          compression,
          directory,
          maxBytes: layer.maxBytes ?? defaultBounds.maxBytes,
          maxEntries: layer.maxEntries ?? defaultBounds.maxEntries,
        },
        { arriving, ...(signal && { signal }), ...(onProgress && { onProgress }) },
      );
      await arriving?.verdict;
      return this.#publish(folder, diffId, written);
    } catch (error) {
      this.#options.trash.throwAway(folder);
      // Who is told of a full disk tries what is smaller next, and shall have the space.
      if (error instanceof StorageFullError) await this.#options.trash.emptied();
      throw error;
    }
  }

  /** With the rename it becomes a layer, unless it has come another way meanwhile. */
  #publish(folder: string, diffId: Digest, written: WrittenLayer): StoredLayer {
    const existing = this.#layers.get(diffId);
    if (existing !== undefined) {
      this.#options.trash.throwAway(folder);
      return existing;
    }
    const { sizeBytes, entries, hasRoot, skippedXattrs } = written;
    const record: LayerRecord = { version: 1, diffId, sizeBytes, entries, hasRoot, bootId: this.#bootId };
    writeFileSync(path.join(folder, 'layer.json'), JSON.stringify(record), { mode: 0o600 });
    const place = path.join(this.#folder, digestHex(diffId));
    renameSync(folder, place);
    if (skippedXattrs.count > 0) {
      this.#options.logger.warn('the file system cannot hold some extended attributes of a layer', {
        digest: diffId,
        count: skippedXattrs.count,
        attribute: skippedXattrs.first,
      });
    }
    return this.#remember(place, record);
  }
}

/** Owner and mode of the root of a snapshot: of the topmost layer that says them, else root's and 0755. */
export function rootAttributes(layers: readonly StoredLayer[]): RootAttributes {
  const layer = layers.findLast((candidate) => candidate.hasRoot);
  if (layer === undefined) return { uid: 0, gid: 0, mode: 0o755 };
  const { uid, gid, mode } = statPath(layer.path);
  return { uid, gid, mode };
}
