/** A run of ids: `inside` … as a user namespace's processes know them are `outside` … for the rest of the host. */
export interface IdRange {
  inside: number;
  outside: number;
  count: number;
}

/** How the ids of a user namespace lie in the host's (user_namespaces(7)). The ranges of one kind do not overlap. */
export interface IdMaps {
  uids: readonly IdRange[];
  gids: readonly IdRange[];
}

export interface Owner {
  uid: number;
  gid: number;
}

/** What the kernel shows for an id that a namespace does not have (/proc/sys/kernel/overflowuid). */
export const overflowId = 65534;

/** The host's id of an id of the namespace; undefined where the namespace does not have it. */
export function idOutside(ranges: readonly IdRange[], id: number): number | undefined {
  const range = ranges.find(({ inside, count }) => id >= inside && id - inside < count);
  return range === undefined ? undefined : id - range.inside + range.outside;
}

/** The namespace's id of an id of the host; undefined where the namespace does not have it. */
export function idInside(ranges: readonly IdRange[], id: number): number | undefined {
  const range = ranges.find(({ outside, count }) => id >= outside && id - outside < count);
  return range === undefined ? undefined : id - range.outside + range.inside;
}

/** The same ids in the same places. */
export function isSameIdMaps(left: IdMaps | undefined, right: IdMaps | undefined): boolean {
  return textOf(left) === textOf(right);
}

/** As /proc/<pid>/uid_map and gid_map take it. */
export function idMapText(ranges: readonly IdRange[]): string {
  return ranges.map(({ inside, outside, count }) => `${inside} ${outside} ${count}\n`).join('');
}

function textOf(maps: IdMaps | undefined): string | undefined {
  return maps && `${idMapText(maps.uids)}/${idMapText(maps.gids)}`;
}
