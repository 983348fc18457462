import { outsideIds, readFileIn } from '@gantry/kernel';
import type { SpecOptions } from '@gantry/runtime';
import { UnknownUserError } from '../errors.ts';
import type { ContainerRecord } from '../state/container-record.ts';

/** A passwd or group file that is larger is not one. */
const longestFileBytes = 16 * 1024 * 1024;
const largestId = 2 ** 31 - 1;

export interface ContainerUser {
  user: SpecOptions['user'];
  /** Home directory by the passwd file; `/` for a user that it does not have. */
  home: string;
}

interface PasswdEntry {
  name: string;
  uid: number;
  gid: number;
  home: string;
}

interface GroupEntry {
  name: string;
  gid: number;
  members: readonly string[];
}

/**
 * Finds `user[:group]`, names or numbers, and `additionalGroups` in the container's own /etc/passwd and /etc/group, which
 * are read by descriptor and may be missing. Throws `UnknownUserError` with Docker's words.
 */
export function findContainerUser(
  rootfs: string,
  specification: string,
  additionalGroups: readonly string[],
): ContainerUser {
  const [userPart = '', groupPart] = specification.split(':');
  const entry = findUser(rootfs, userPart === '' ? '0' : userPart);
  const groups = needsGroups(entry, groupPart, additionalGroups) ? readGroups(rootfs) : [];
  const gid = groupPart === undefined || groupPart === '' ? entry.gid : findGroup(groups, groupPart);
  const memberships =
    groupPart === undefined || groupPart === ''
      ? groups.filter(({ members }) => members.includes(entry.name)).map((group) => group.gid)
      : [];
  const asked = additionalGroups.map((group) => findGroup(groups, group));
  // The main group too: whoever changes that one shall not lose it, where files deny their group (CVE-2022-36109).
  const additionalGids = [...new Set([gid, ...memberships, ...asked])];
  return { user: { uid: entry.uid, gid, additionalGids }, home: entry.home };
}

/**
 * `findContainerUser` for a process of a container, whose users may be a part of all only. Throws `UnmappedIdError` too, where
 * the user or group is none of them.
 */
export function processUser(
  { idMaps, hostConfig }: Pick<ContainerRecord, 'idMaps' | 'hostConfig'>,
  rootfs: string,
  specification: string,
): ContainerUser {
  const found = findContainerUser(rootfs, specification, hostConfig.GroupAdd ?? []);
  if (idMaps !== undefined) outsideIds(idMaps).owner(found.user);
  return found;
}

function needsGroups(
  entry: PasswdEntry,
  groupPart: string | undefined,
  additionalGroups: readonly string[],
): boolean {
  return entry.name !== '' || groupPart !== undefined || additionalGroups.length > 0;
}

function findUser(rootfs: string, wanted: string): PasswdEntry {
  const id = parseId(wanted);
  for (const [name = '', , uid = '', gid = '', , home = ''] of readTable(rootfs, '/etc/passwd')) {
    const entry = { name, uid: parseId(uid) ?? -1, gid: parseId(gid) ?? -1, home: home === '' ? '/' : home };
    if (entry.uid >= 0 && entry.gid >= 0 && (name === wanted || entry.uid === id)) return entry;
  }
  if (id === undefined) {
    throw new UnknownUserError(`unable to find user ${wanted}: no matching entries in passwd file`);
  }
  return { name: '', uid: id, gid: 0, home: '/' };
}

function findGroup(groups: readonly GroupEntry[], wanted: string): number {
  const id = parseId(wanted);
  const found = groups.find(({ name, gid }) => name === wanted || gid === id)?.gid ?? id;
  if (found === undefined) {
    throw new UnknownUserError(`unable to find group ${wanted}: no matching entries in group file`);
  }
  return found;
}

function readGroups(rootfs: string): GroupEntry[] {
  return readTable(rootfs, '/etc/group').flatMap(([name = '', , gid = '', members = '']) => {
    const id = parseId(gid);
    return id === undefined ? [] : [{ name, gid: id, members: members.split(',') }];
  });
}

function readTable(rootfs: string, path: string): string[][] {
  const bytes = readFileIn(rootfs, path, longestFileBytes);
  if (bytes === undefined) return [];
  const lines = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1').split('\n');
  return lines.filter((line) => line !== '' && !line.startsWith('#')).map((line) => line.trim().split(':'));
}

function parseId(text: string): number | undefined {
  return /^\d{1,10}$/.test(text) && Number(text) <= largestId ? Number(text) : undefined;
}
