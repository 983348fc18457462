import type { Directory } from './directory.ts';
import { openFlags } from './flags.ts';
import { runInSlices, type SliceOptions } from './slices.ts';
import { unlessGone } from './unless-gone.ts';

export interface TreeUsage {
  /** Bytes of files as their owners see them; a file with several names counts once. */
  sizeBytes: number;
  /** Names below the directory. */
  entries: number;
}

/**
 * What lies below an open directory, mounts left out. The tree may be in use: what vanishes meanwhile is not counted. Gives the
 * event loop its turn every few milliseconds.
 */
export async function treeUsage(root: Directory, options: SliceOptions = {}): Promise<TreeUsage> {
  const usage: TreeUsage = { sizeBytes: 0, entries: 0 };
  const counted = new Set<bigint>();
  const mountId = root.stat().mountId;
  await runInSlices(countSteps({ usage, counted, mountId }, root), options);
  return usage;
}

interface Count {
  usage: TreeUsage;
  /** Inodes with several names. */
  counted: Set<bigint>;
  mountId: bigint;
}

function* countSteps(count: Count, directory: Directory): Generator<undefined, void, undefined> {
  const { usage, counted, mountId } = count;
  for (const name of unlessGone(() => directory.names()) ?? []) {
    const stat = unlessGone(() => directory.stat(name));
    if (stat === undefined || stat.mountId !== mountId) continue;
    usage.entries += 1;
    if (stat.kind === 'directory') {
      const flags = openFlags.path | openFlags.noFollow;
      using child = unlessGone(() => directory.openDirectory(name, { flags }));
      if (child !== undefined) yield* countSteps(count, child);
    } else if (stat.kind === 'file' && !counted.has(stat.inode)) {
      if (stat.links > 1) counted.add(stat.inode);
      usage.sizeBytes += stat.sizeBytes;
    }
    yield undefined;
  }
}
