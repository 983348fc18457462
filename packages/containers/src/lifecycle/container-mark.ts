import { changeMode, changeOwner, Directory, isErrno, openFlags } from '@gantry/kernel';
import type { ContainerRecord } from '../state/container-record.ts';
import { hostRoot } from '../state/host-root.ts';

const markName = '.dockerenv';

/**
 * Makes the empty file `/.dockerenv`, by which programs know that they are in a container: before its first start alone, so
 * that one which a container removes stays away, as in Docker. Whatever the image has there stays; no link is followed.
 */
export function markContainer(rootfs: string, record: ContainerRecord): void {
  if (record.state.last.startedAt !== '') return;
  using root = Directory.openPath(rootfs);
  try {
    const flags = openFlags.writeOnly | openFlags.create | openFlags.exclusive;
    using file = root.open(markName, { flags, mode: 0o600 });
    const { uid, gid } = hostRoot(record);
    changeOwner(file, uid, gid);
    changeMode(file, 0o755);
  } catch (error) {
    if (!isErrno(error, 'EEXIST')) throw error;
  }
}
