import { posix } from 'node:path';
import type { PathPatterns } from '@gantry/dockerfile';
import { type FileStat, keyBytes, pathText, type TreePath } from '@gantry/kernel';
import { encodeTarHeader, tarEnd, tarPadding } from '@gantry/oci';
import type { FileAdjustment } from '@gantry/snapshots';
import type { SourceTree } from '../sources/source-tree.ts';
import { packArchive, refuseMark } from './add-archive.ts';
import type { ModeChange } from './change-mode.ts';
import type { Destination } from './destination.ts';
import type { PlannedItem, TransferPlan } from './plan-transfer.ts';

/** Owner, modes and times of what is put into a layer. */
export interface TransferAttributes {
  readonly owner: { readonly uid: number; readonly gid: number };
  /** What is copied keeps the owner that it has. */
  readonly keepsOwners: boolean;
  /** Of what archives hold; their own when missing. */
  readonly archiveOwner: { readonly uid: number; readonly gid: number } | undefined;
  readonly changeMode: ModeChange | undefined;
  /** Of directories and files that no source has. */
  readonly now: bigint;
  /** Times are all 0: for a key that times do not change. */
  readonly timeless: boolean;
  readonly excluded: PathPatterns;
  readonly hidden: ReadonlySet<string>;
}

/** The layer tar of a transfer: equal files, names and attributes give equal bytes. Throws what packing throws. */
export async function* packTransfer(
  tree: SourceTree,
  destination: Destination,
  { plan, attributes }: { plan: TransferPlan; attributes: TransferAttributes },
): AsyncGenerator<Uint8Array, void, void> {
  for (const place of plan.directories) yield directoryHeader(place, destination, attributes);
  for (const item of plan.items) {
    const adjust = adjuster(item, destination, attributes);
    yield* tree.pack({ at: item.from.at, name: tarName(item.to), adjust, open: true });
  }
  for (const archive of plan.archives) yield* packArchive(tree, archive, attributes.archiveOwner);
  for (const { to, text } of plan.files) {
    destination.existingDirectory(to, 'file');
    const content = Buffer.from(text);
    const stat = { mode: 0o644, kind: 'file' } as const;
    yield encodeTarHeader({
      type: 'file',
      name: tarName(to),
      mode: attributes.changeMode?.(stat) ?? stat.mode,
      ...attributes.owner,
      mtimeNs: attributes.timeless ? 0n : attributes.now,
      sizeBytes: content.length,
    });
    yield content;
    yield tarPadding(content.length);
  }
  yield tarEnd;
}

function directoryHeader(
  place: TreePath,
  destination: Destination,
  attributes: TransferAttributes,
): Uint8Array {
  const there = destination.existingDirectory(place, 'directory');
  const made = { mode: 0o755, kind: 'directory' } as const;
  const { mode, uid, gid, modifiedNs } = there ?? {
    mode: attributes.changeMode?.(made) ?? made.mode,
    ...attributes.owner,
    modifiedNs: attributes.now,
  };
  return encodeTarHeader({
    type: 'directory',
    name: tarName(place),
    mode: mode & 0o7777,
    uid,
    gid,
    mtimeNs: attributes.timeless ? 0n : modifiedNs,
  });
}

function adjuster(item: PlannedItem, destination: Destination, attributes: TransferAttributes) {
  const { excluded, hidden, owner, keepsOwners, changeMode, timeless } = attributes;
  const above = item.from.at.length;
  return (at: TreePath, stat: FileStat): FileAdjustment | 'omit' | 'enter' => {
    const below = at.slice(above);
    if (item.contents && below.length === 0) return 'enter';
    const isDirectory = stat.kind === 'directory';
    if (hidden.has([item.from.path, ...below].filter(Boolean).join('/'))) return 'omit';
    // Patterns are of what is in a source, or of its name.
    const inside = pathText(keyBytes(below.join('/') || posix.basename(item.from.path)));
    refuseMark(posix.basename(inside));
    if (excluded.matches(inside)) return isDirectory && !excluded.coversAllBelow(inside) ? 'enter' : 'omit';
    const there = destination.existingDirectory([...item.to, ...below], stat.kind);
    const times = timeless ? { modifiedNs: 0n } : {};
    if (there !== undefined) {
      const { mode, uid, gid, modifiedNs } = there;
      return { mode, uid, gid, modifiedNs, ...times };
    }
    const mode = stat.kind === 'symlink' ? stat.mode : (changeMode?.(stat) ?? stat.mode);
    return { ...(!keepsOwners && owner), mode, ...times };
  };
}

function tarName(place: TreePath): Uint8Array {
  return keyBytes(place.join('/'));
}
