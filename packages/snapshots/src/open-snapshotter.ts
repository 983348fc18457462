import { chmodSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { type Clock, type Logger, systemClock } from '@gantry/base';
import { fileSystemOf, ProjectQuotas, Trash } from '@gantry/kernel';
import type { Digest } from '@gantry/oci';
import { CopyDriver } from './copy/copy-driver.ts';
import { UnsuitableDataRootError } from './errors.ts';
import { writeDurableFile } from './layers/durable-file.ts';
import { LayerStore } from './layers/layer-store.ts';
import { checkDataRoot } from './overlay/check-data-root.ts';
import { OverlayDriver } from './overlay/overlay-driver.ts';
import type { Snapshotter } from './snapshotter.ts';
import { UnpackPool } from './unpack/unpack-pool.ts';
import { LayeredSnapshotter } from './writable/layered-snapshotter.ts';
import type { SnapshotDriver } from './writable/snapshot-driver.ts';
import { WritableStore } from './writable/writable-store.ts';

export type SnapshotDriverName = 'overlay' | 'copy';

export interface SnapshotterOptions {
  /** Made if missing, for root only. One engine at a time. */
  root: string;
  logger: Logger;
  /** `overlay` when missing. A root stays with the driver that it was first opened with. */
  driver?: SnapshotDriverName;
  /** Most bytes that may be written to snapshots which are made without a size; no limit when missing. */
  defaultSizeBytes?: number;
  clock?: Clock;
  /** How many layers are unpacked at once: the processors, but two at least and four at most, when missing. */
  unpackThreads?: number;
}

/**
 * Opens the snapshots under `root`, finishing or undoing what a crash left half done. Mounted snapshots stay mounted.
 * Throws `UnsuitableDataRootError` where the file system or the kernel cannot do overlays, or a default size. The caller disposes.
 */
export async function openSnapshotter(options: SnapshotterOptions): Promise<Snapshotter & AsyncDisposable> {
  const { root, logger, clock = systemClock } = options;
  mkdirSync(root, { recursive: true, mode: 0o700 });
  // Nobody on the host walks into a container's files, among them setuid programs (CVE-2021-41091).
  chmodSync(root, 0o700);
  const driver = await openDriver(options);
  const trash = new Trash(path.join(root, 'trash'), logger);
  const threads = Math.min(4, Math.max(2, availableParallelism()));
  const pool = new UnpackPool({
    size: options.unpackThreads ?? threads,
    clock,
  });
  const quotas = openQuotas(options);
  const writables = await WritableStore.open({ root, logger, trash, driver, quotas });
  const isUsed = (diffId: Digest): boolean => writables.usersOf(diffId).length > 0;
  const layers = await LayerStore.open({ root, logger, clock, pool, trash, isUsed });
  return new LayeredSnapshotter({
    layers,
    writables,
    driver,
    pool,
    trash,
    defaultSizeBytes: options.defaultSizeBytes ?? 0,
  });
}

function openQuotas({ root, defaultSizeBytes = 0 }: SnapshotterOptions): ProjectQuotas | undefined {
  const quotas = ProjectQuotas.of(root);
  if (quotas !== undefined || defaultSizeBytes === 0) return quotas;
  const reason = `Storage option overlay2.size not supported. Filesystem does not support Project Quota: ${fileSystemOf(root).type}`;
  throw new UnsuitableDataRootError(root, reason);
}

async function openDriver({ root, driver = 'overlay' }: SnapshotterOptions): Promise<SnapshotDriver> {
  await keepDriver(root, driver);
  if (driver === 'copy') return new CopyDriver();
  const emptyLayer = path.join(root, 'empty');
  mkdirSync(emptyLayer, { recursive: true, mode: 0o755 });
  await checkDataRoot(root);
  return new OverlayDriver(emptyLayer);
}

/** Notes the driver in the root, or throws when the root was made by another one: its snapshots would be unreadable. */
async function keepDriver(root: string, driver: SnapshotDriverName): Promise<void> {
  const file = path.join(root, 'driver');
  const before = existsSync(file) ? readFileSync(file, 'utf8').trim() : undefined;
  if (before === driver) return;
  if (before === undefined) return writeDurableFile(file, `${driver}\n`);
  const reason = `its snapshots were made by the storage driver '${before}': go on with it, or choose another data root`;
  throw new UnsuitableDataRootError(root, reason);
}
