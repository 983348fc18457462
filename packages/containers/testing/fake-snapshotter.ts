import { mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import type { Digest } from '@gantry/oci';
import type { DiskUsage, LayerInfo, SnapshotChange, SnapshotOptions } from '@gantry/snapshots';
import type { ContainerPorts } from '../src/index.ts';

type SnapshotPort = ContainerPorts['snapshots'];

/** Snapshots that are plain directories below `root`; what was mounted and not unmounted is in `mounted`. */
export class FakeSnapshotter implements SnapshotPort {
  readonly mounted: Set<string> = new Set();
  readonly options: Map<string, SnapshotOptions> = new Map();
  readonly found: SnapshotChange[] = [];
  /** What the next removals fail with. */
  readonly refusals: Error[] = [];
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
  }

  create(id: string, _layers: readonly Digest[], options: SnapshotOptions = {}): Promise<void> {
    mkdirSync(path.join(this.#root, id, 'etc'), { recursive: true });
    this.options.set(id, options);
    return Promise.resolve();
  }

  mount(id: string): Promise<string> {
    this.mounted.add(id);
    return Promise.resolve(path.join(this.#root, id));
  }

  unmount(id: string): Promise<void> {
    this.mounted.delete(id);
    return Promise.resolve();
  }

  remove(id: string): Promise<void> {
    const refusal = this.refusals.shift();
    if (refusal !== undefined) return Promise.reject(refusal);
    this.mounted.delete(id);
    this.options.delete(id);
    rmSync(path.join(this.#root, id), { recursive: true, force: true });
    return Promise.resolve();
  }

  list(): Promise<string[]> {
    return Promise.resolve([...this.options.keys()]);
  }

  usage(): Promise<DiskUsage> {
    return Promise.resolve({ sizeBytes: 5, entries: 1 });
  }

  /** Whatever a test puts in it. */
  async *changes(): AsyncGenerator<SnapshotChange> {
    yield* this.found;
  }

  async *packChanges(): AsyncGenerator<Uint8Array> {}

  layer(diffId: Digest): Promise<LayerInfo | undefined> {
    return Promise.resolve({ diffId, path: '/nowhere', sizeBytes: 100, entries: 1 });
  }
}
