import type { FileEntry } from '@gantry/builder';
import type { Draft, fsutil } from '@gantry/buildkit';
import { goModeOf } from './go-mode.ts';

/** A file as BuildKit's messages tell it. */
export function statMessage(entry: FileEntry): Draft<fsutil.Stat> {
  return {
    path: entry.path,
    mode: goModeOf(entry),
    uid: entry.uid,
    gid: entry.gid,
    size: entry.sizeBytes,
    modTime: entry.modifiedNs,
    linkname: entry.linkName,
    devmajor: entry.device?.major ?? 0,
    devminor: entry.device?.minor ?? 0,
    ...(entry.xattrs && { xattrs: entry.xattrs }),
  };
}
