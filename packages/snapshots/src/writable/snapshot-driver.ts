import type { IdMaps, UserNamespace } from '@gantry/kernel';
import type { StoredLayer } from '../layers/layer-store.ts';
import type { DiskUsage } from '../snapshotter.ts';
import type { SnapshotRecord } from './snapshot-record.ts';

/** How a writable file system is made of layers. `folder` is the snapshot's own, `layers` are base first. */
export interface SnapshotDriver {
  /** Fills a fresh folder; `folder/snapshot.json` is the caller's. Returns what shall be kept in the record. */
  prepare(
    folder: string,
    layers: readonly StoredLayer[],
    ids?: IdMaps,
  ): Promise<Pick<SnapshotRecord, 'base'>>;

  /** Where the root is when the snapshot is mounted. */
  rootOf(folder: string): string;

  /** Of a snapshot that is not mounted. Returns the root. */
  mount(
    folder: string,
    layers: readonly StoredLayer[],
    record: SnapshotRecord,
    namespace?: UserNamespace,
  ): Promise<string>;

  isMounted(folder: string): boolean;

  /** Idempotent; never blocks the event loop. */
  unmount(folder: string, record: SnapshotRecord): Promise<void>;

  /** The directory that holds what was written, and whether it holds what the layers have too. */
  written(folder: string): { path: string; whole: boolean };

  usage(folder: string, record: SnapshotRecord): Promise<DiskUsage>;
}
