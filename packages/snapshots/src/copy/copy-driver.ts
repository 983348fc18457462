import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { Directory, type IdMaps, outsideIds, treeUsage } from '@gantry/kernel';
import { rootAttributes, type StoredLayer } from '../layers/layer-store.ts';
import type { DiskUsage } from '../snapshotter.ts';
import type { SnapshotDriver } from '../writable/snapshot-driver.ts';
import type { SnapshotRecord } from '../writable/snapshot-record.ts';
import { applyLayer } from './apply-layer.ts';

/** Copies the layers into a directory: for hosts and file systems without overlayfs. Nothing is ever mounted. */
export class CopyDriver implements SnapshotDriver {
  async prepare(folder: string, layers: readonly StoredLayer[], maps?: IdMaps): Promise<{ base: DiskUsage }> {
    const ids = maps && outsideIds(maps);
    mkdirSync(this.rootOf(folder), { mode: 0o700 });
    using root = Directory.openPath(this.rootOf(folder));
    for (const layer of layers) await applyLayer(layer.path, root, ids);
    const { mode, ...owner } = rootAttributes(layers);
    const { uid, gid } = ids?.owner(owner) ?? owner;
    root.chown('', uid, gid);
    root.chmod('', mode);
    return { base: await treeUsage(root) };
  }

  rootOf(folder: string): string {
    return path.join(folder, 'rootfs');
  }

  async mount(folder: string): Promise<string> {
    return this.rootOf(folder);
  }

  isMounted(): boolean {
    return false;
  }

  async unmount(): Promise<void> {}

  written(folder: string): { path: string; whole: boolean } {
    return { path: this.rootOf(folder), whole: true };
  }

  /** By difference: what was overwritten in place does not count. */
  async usage(folder: string, record: SnapshotRecord): Promise<DiskUsage> {
    using root = Directory.openPath(this.rootOf(folder));
    const now = await treeUsage(root);
    const { sizeBytes = 0, entries = 0 } = record.base ?? {};
    return {
      sizeBytes: Math.max(0, now.sizeBytes - sizeBytes),
      entries: Math.max(0, now.entries - entries),
    };
  }
}
