import { type MountEntry, mountTable } from '@gantry/kernel';

/** The mount of this host that a path lies on. */
export function mountHolder(path: string): MountEntry {
  const holds = (target: string): boolean =>
    target === '/' || path === target || path.startsWith(`${target}/`);
  return mountTable()
    .filter(({ target }) => holds(target))
    .reduce((best, mount) => (mount.target.length >= best.target.length ? mount : best));
}

/** What is mounted on it shows in its copies (`shared`), or what is mounted on its origin shows here (`master`). */
export function hasPropagation({ propagation }: MountEntry, kind: 'shared' | 'master'): boolean {
  return propagation.some((field) => field.startsWith(`${kind}:`));
}
