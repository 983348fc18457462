import { faultPoint, KeyedLock } from '@gantry/base';
import { insideIds, type Trash, type UserNamespace } from '@gantry/kernel';
import type { Digest } from '@gantry/oci';
import { listChanges } from '../changes/list-changes.ts';
import type { WrittenTree } from '../changes/written-tree.ts';
import { LayerInUseError } from '../errors.ts';
import type { LayerStore } from '../layers/layer-store.ts';
import { packChanges } from '../pack/pack-changes.ts';
import { packDirectory } from '../pack/pack-directory.ts';
import type {
  ChangesOptions,
  DiskUsage,
  LayerInfo,
  LayerReception,
  ListedLayer,
  PackedLayer,
  ReceivedLayer,
  SnapshotChange,
  SnapshotOptions,
  Snapshotter,
} from '../snapshotter.ts';
import type { UnpackPool } from '../unpack/unpack-pool.ts';
import type { SnapshotDriver } from './snapshot-driver.ts';
import type { WritableStore } from './writable-store.ts';

export interface LayeredSnapshotterParts {
  layers: LayerStore;
  writables: WritableStore;
  driver: SnapshotDriver;
  pool: UnpackPool;
  trash: Trash;
  /** Of snapshots that are made without one; 0 is none. */
  defaultSizeBytes: number;
}

/** The snapshotter over a layer store; the driver decides how layers become one writable tree. */
export class LayeredSnapshotter implements Snapshotter, AsyncDisposable {
  readonly #parts: LayeredSnapshotterParts;
  readonly #locks = new KeyedLock();

  constructor(parts: LayeredSnapshotterParts) {
    this.#parts = parts;
  }

  unpackLayer(layer: PackedLayer): Promise<LayerInfo> {
    return this.#parts.layers.unpack(layer);
  }

  receiveLayer(layer: ReceivedLayer): LayerReception {
    return this.#parts.layers.receive(layer);
  }

  async layer(diffId: Digest): Promise<LayerInfo | undefined> {
    return this.#parts.layers.get(diffId);
  }

  async layers(): Promise<ListedLayer[]> {
    const { layers, writables } = this.#parts;
    const used = writables.usedLayers();
    return layers.list().map((layer) => ({ ...layer, isUsed: used.has(layer.diffId) }));
  }

  async removeLayer(diffId: Digest): Promise<void> {
    const { layers, writables } = this.#parts;
    const users = writables.usersOf(diffId);
    if (users.length > 0) throw new LayerInUseError(diffId, users);
    layers.remove(diffId);
  }

  async create(id: string, diffIds: readonly Digest[], options: SnapshotOptions = {}): Promise<void> {
    const { layers, writables, driver, trash } = this.#parts;
    trash.holdOff();
    const stored = layers.getAll(diffIds);
    const { idMaps, volatile = false, sizeBytes = this.#parts.defaultSizeBytes } = options;
    const settings = {
      layers: [...diffIds],
      volatile,
      ...(sizeBytes > 0 && { sizeBytes }),
      ...(idMaps && { idMaps }),
    };
    await writables.create(id, settings, async (folder) => {
      if (!volatile) await layers.settled(diffIds);
      return driver.prepare(folder, stored, idMaps);
    });
  }

  mount(id: string, namespace?: UserNamespace): Promise<string> {
    const { layers, writables, driver, trash } = this.#parts;
    trash.holdOff();
    return this.#locks.run(id, async () => {
      const record = writables.get(id);
      const folder = writables.folderOf(id);
      if (driver.isMounted(folder)) return driver.rootOf(folder);
      await writables.holdToSize(record);
      return driver.mount(folder, layers.getAll(record.layers), record, namespace);
    });
  }

  async unmount(id: string): Promise<void> {
    const { writables, driver } = this.#parts;
    await this.#locks.run(id, async () => {
      const record = writables.find(id);
      if (record !== undefined) await driver.unmount(writables.folderOf(id), record);
    });
  }

  async remove(id: string): Promise<void> {
    const { writables, driver } = this.#parts;
    await this.#locks.run(id, async () => {
      const record = writables.find(id);
      if (record === undefined) return;
      await driver.unmount(writables.folderOf(id), record);
      faultPoint('snapshot-remove/unmounted');
      writables.remove(id);
      faultPoint('snapshot-remove/thrown-away');
    });
  }

  async list(): Promise<string[]> {
    return this.#parts.writables.ids();
  }

  async usage(id: string): Promise<DiskUsage> {
    const { writables, driver } = this.#parts;
    const record = writables.get(id);
    return driver.usage(writables.folderOf(id), record);
  }

  changes(id: string, options: ChangesOptions = {}): AsyncIterable<SnapshotChange> {
    return listChanges(this.#writtenAbove(id), options);
  }

  packChanges(id: string, options: ChangesOptions = {}): AsyncIterable<Uint8Array> {
    return packChanges(this.#writtenAbove(id), options);
  }

  packDirectory(directory: string): AsyncIterable<Uint8Array> {
    return packDirectory(directory);
  }

  #writtenAbove(id: string): WrittenTree {
    const { layers, writables, driver } = this.#parts;
    const record = writables.get(id);
    const lowers = layers.getAll(record.layers).map((layer) => layer.path);
    return {
      ...driver.written(writables.folderOf(id)),
      lowers: [...new Set(lowers.toReversed())],
      ...(record.idMaps && { ids: insideIds(record.idMaps) }),
    };
  }

  /** Ends the unpacking threads and stops deleting. Snapshots stay as they are, mounted ones mounted. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#parts.pool[Symbol.asyncDispose]();
    await this.#parts.layers[Symbol.asyncDispose]();
    await this.#parts.trash[Symbol.asyncDispose]();
  }
}
