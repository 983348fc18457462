import { mkdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import {
  type CopyTreeEntry,
  copyTree,
  Directory,
  type IdTranslation,
  insideRoot,
  isErrno,
  renameFlags,
} from '@gantry/kernel';

/** Where an image keeps the content that a volume starts with. */
export interface CopySource {
  rootfs: string;
  /** Below `rootfs`; links in it are followed inside `rootfs` only. */
  path: string;
  /** What the owners of its files are in the volume; the same when missing. */
  ids?: IdTranslation;
}

/**
 * Copies the source into the fresh directory `copyPath`. False, and there is no such directory, when the image has no
 * directory there. A copy that fails (a full disk) leaves nothing.
 */
export async function gather(source: CopySource, copyPath: string): Promise<boolean> {
  await rm(copyPath, { recursive: true, force: true });
  using rootfs = Directory.openPath(source.rootfs);
  using from = openSource(rootfs, source.path);
  if (from === undefined) return false;
  mkdirSync(copyPath, { mode: 0o700 });
  try {
    using to = Directory.openPath(copyPath);
    await copyTree(from, to, source.ids === undefined ? {} : { ids: source.ids });
  } catch (error) {
    await rm(copyPath, { recursive: true, force: true });
    throw error;
  }
  return true;
}

/**
 * Moves what was gathered into the volume, and gives the volume's directory the owner, mode and times that the image's
 * has. What somebody wrote into the volume meanwhile stays. Can be repeated after it was interrupted.
 */
export async function bringIn(copyPath: string, dataPath: string): Promise<void> {
  {
    using from = Directory.openPath(copyPath);
    using to = Directory.openPath(dataPath);
    const { accessedNs, modifiedNs, mountId } = from.stat();
    // rename(2) does not cross mounts, of one disk or not.
    const isOneMount = mountId === to.stat().mountId;
    if (isOneMount) moveEntries(from, to);
    // Of what was moved only the directory itself is left to copy: its owner and mode. Another disk may be mounted there.
    if (!isOneMount || from.names().length === 0) await copyTree(from, to, { decide: replacePart });
    to.setTimes('', accessedNs, modifiedNs);
  }
  await rm(copyPath, { recursive: true, force: true });
}

/** A copy that was interrupted is made again over what it left. */
function replacePart({ to, name, stat }: CopyTreeEntry): 'copy' | 'merge' {
  try {
    if (to.stat(name).kind === 'directory') return stat.kind === 'directory' ? 'merge' : 'copy';
    to.tryUnlink(name);
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw error;
  }
  return 'copy';
}

function moveEntries(from: Directory, to: Directory): void {
  for (const name of from.names()) {
    try {
      from.rename(name, to, name, renameFlags.noReplace);
    } catch (error) {
      if (!isErrno(error, 'EEXIST')) throw error;
    }
  }
}

function openSource(rootfs: Directory, path: string): Directory | undefined {
  try {
    return rootfs.openDirectory(path, { resolve: insideRoot });
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return undefined;
    throw error;
  }
}
