import { findContainerUser } from '@gantry/containers';
import { InvalidBuildError } from '../errors.ts';

/**
 * Whom `--chown=user[:group]` means: names by the file system's own /etc/passwd and /etc/group, a user's number alone for the group
 * of the same number, root when empty. Throws `UnknownUserError`, and `InvalidBuildError` for a name where there is no file system.
 */
export function findOwner(rootfs: string | undefined, chown: string): { uid: number; gid: number } {
  if (chown === '') return { uid: 0, gid: 0 };
  const [user = '', group] = chown.split(':', 2);
  const uid = numberOf(user);
  const gid = group === undefined ? uid : numberOf(group);
  if (uid !== undefined && gid !== undefined) return { uid, gid };
  if (rootfs === undefined)
    throw new InvalidBuildError(
      `--chown=${chown} needs numbers together with --link: there is no file system to ask`,
    );
  const found = findContainerUser(rootfs, chown, []).user;
  return { uid: found.uid, gid: group === undefined && uid !== undefined ? uid : found.gid };
}

function numberOf(text: string): number | undefined {
  return /^\d{1,10}$/.test(text) && Number(text) <= 0x7fff_ffff ? Number(text) : undefined;
}
