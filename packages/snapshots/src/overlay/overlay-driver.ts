import { mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { Semaphore } from '@gantry/base';
import {
  Directory,
  type IdMaps,
  isErrno,
  isMountPoint,
  mountOverlay,
  outsideIds,
  treeUsage,
  type UserNamespace,
  umount,
} from '@gantry/kernel';
import { SnapshotBusyError } from '../errors.ts';
import { rootAttributes, type StoredLayer } from '../layers/layer-store.ts';
import type { DiskUsage } from '../snapshotter.ts';
import type { SnapshotDriver } from '../writable/snapshot-driver.ts';
import type { SnapshotRecord } from '../writable/snapshot-record.ts';
import { mapLowers, unmapLowers } from './mapped-lowers.ts';

/** Unmounting a plain overlay writes back a file system for up to a second; the thread pool has other work too. */
const maxSlowUnmounts = 2;

/** Stacks layers by overlayfs: `upper`, `work` and `merged` in the snapshot's folder. */
export class OverlayDriver implements SnapshotDriver {
  readonly #emptyLayer: string;
  readonly #slowUnmounts = new Semaphore(maxSlowUnmounts);

  /** `emptyLayer` is an empty directory: what an image without layers stands on. */
  constructor(emptyLayer: string) {
    this.#emptyLayer = emptyLayer;
  }

  async prepare(
    folder: string,
    layers: readonly StoredLayer[],
    maps?: IdMaps,
  ): Promise<Pick<SnapshotRecord, 'base'>> {
    for (const name of ['work', 'merged', 'upper']) mkdirSync(path.join(folder, name), { mode: 0o700 });
    const { mode, ...owner } = rootAttributes(layers);
    const { uid, gid } = maps === undefined ? owner : outsideIds(maps).owner(owner);
    using upper = Directory.openPath(path.join(folder, 'upper'));
    upper.chown('', uid, gid);
    upper.chmod('', mode);
    return {};
  }

  rootOf(folder: string): string {
    return path.join(folder, 'merged');
  }

  async mount(
    folder: string,
    layers: readonly StoredLayer[],
    record: SnapshotRecord,
    namespace?: UserNamespace,
  ): Promise<string> {
    const target = this.rootOf(folder);
    if (record.volatile) forgetUncleanUnmount(folder);
    const paths = distinctFromTop(layers).map((layer) => layer.path);
    const lowers = paths.length > 0 ? paths : [this.#emptyLayer];
    await using mapped =
      record.idMaps === undefined
        ? undefined
        : await mapLowers(folder, lowers, { maps: record.idMaps, namespace });
    mountOverlay({
      lowers: mapped?.paths ?? lowers,
      upper: path.join(folder, 'upper'),
      work: path.join(folder, 'work'),
      target,
      volatile: record.volatile,
    });
    return target;
  }

  isMounted(folder: string): boolean {
    return isMountPoint(this.rootOf(folder));
  }

  async unmount(folder: string, record: SnapshotRecord): Promise<void> {
    if (record.idMaps !== undefined) await unmapLowers(folder);
    const target = this.rootOf(folder);
    if (!isMountPoint(target)) return;
    try {
      if (record.volatile) await unmountOrDetach(target);
      else await this.#slowUnmounts.run(() => unmountOrDetach(target));
    } catch (error) {
      throw new SnapshotBusyError(record.id, error);
    }
  }

  written(folder: string): { path: string; whole: boolean } {
    return { path: path.join(folder, 'upper'), whole: false };
  }

  async usage(folder: string): Promise<DiskUsage> {
    using upper = Directory.openPath(path.join(folder, 'upper'));
    return await treeUsage(upper);
  }
}

/**
 * Topmost first. Overlayfs takes a directory once; of a layer that occurs twice the lower place adds nothing, since
 * everything in it is in the upper one too.
 */
function distinctFromTop(layers: readonly StoredLayer[]): StoredLayer[] {
  return [...new Set(layers.toReversed())];
}

/** Overlayfs marks the work directory of a volatile mount, so that nobody trusts it after a crash of the host. */
function forgetUncleanUnmount(folder: string): void {
  rmSync(path.join(folder, 'work', 'work', 'incompat'), { recursive: true, force: true });
}

/** Files that are still open keep their file system; the place is free at once. */
async function unmountOrDetach(target: string): Promise<void> {
  try {
    await umount(target);
  } catch (error) {
    if (!isErrno(error, 'EBUSY')) throw error;
    await umount(target, { detach: true });
  }
}
