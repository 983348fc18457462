import { readdirSync, readFileSync, rmdirSync } from 'node:fs';
import path from 'node:path';
import { cgroupDirectories, detectCgroups, isErrno, mountTable, umount } from '@gantry/kernel';
import type { Problem } from './problem.ts';

/** Where an engine leaves traces in the kernel. */
export interface StrayPlaces {
  dataRoot: string;
  execRoot: string;
  /** Cgroups, as paths, that containers' are made in; another engine may have the same. */
  cgroupParents: readonly string[];
}

/** Mounts, pinned namespaces and cgroups of containers that are none of `containerIds`. */
export function checkStrays(places: StrayPlaces, containerIds: ReadonlySet<string>): Problem[] {
  const isStray = (text: string): boolean => {
    const id = idIn.exec(text)?.[0];
    return id !== undefined && !containerIds.has(id);
  };
  return [
    ...strayMounts(places, isStray),
    ...strayNamespaces(places, isStray),
    ...strayCgroups(places, isStray),
  ];
}

const idIn = /(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])/;

type IsStray = (text: string) => boolean;

function strayMounts({ dataRoot, execRoot }: StrayPlaces, isStray: IsStray): Problem[] {
  const roots = [dataRoot, execRoot].map((root) => `${root}/`);
  const parts = `${path.join(dataRoot, 'mounts')}/`;
  return mountTable().flatMap(({ target, type }): Problem[] => {
    const root = roots.find((candidate) => target.startsWith(candidate));
    // Pinned namespaces are mounts too, and named as such.
    if (root === undefined || type === 'nsfs') return [];
    if (target.startsWith(parts)) {
      return [{ kind: 'mount', object: target, fact: 'a part of a volume or an image that no start is at' }];
    }
    return isStray(target.slice(root.length))
      ? [{ kind: 'mount', object: target, fact: 'of no container' }]
      : [];
  });
}

function strayNamespaces({ execRoot }: StrayPlaces, isStray: IsStray): Problem[] {
  return namesIn(path.join(execRoot, 'netns'))
    .filter(isStray)
    .map((name) => ({ kind: 'network', object: name, fact: 'a pinned namespace of no container' }));
}

/** Of a parent that engines share only what no process is in is nobody's. */
function strayCgroups({ cgroupParents }: StrayPlaces, isStray: IsStray): Problem[] {
  const layout = detectCgroups();
  return [...new Set(cgroupParents)]
    .flatMap((parent) => cgroupDirectories(layout, parent))
    .flatMap((folder) => namesIn(folder).map((name) => path.join(folder, name)))
    .filter((cgroup) => isStray(path.basename(cgroup)) && isEmpty(cgroup))
    .map((object) => ({ kind: 'cgroup', object, fact: 'of no container' }));
}

/** Takes away what `checkStrays` found; one that is in use after all stays. */
export async function removeStray(kind: 'mount' | 'cgroup', object: string): Promise<void> {
  if (kind === 'mount') {
    await umount(object, { detach: true });
    return;
  }
  for (const cgroup of [...namesIn(object).map((name) => path.join(object, name)), object]) {
    try {
      rmdirSync(cgroup);
    } catch (error) {
      if (!isErrno(error, 'ENOENT', 'ENOTDIR', 'EBUSY')) throw error;
    }
  }
}

/** No process is in the cgroup, or in the one below it that the OCI runtime makes with cgroup v2. */
function isEmpty(cgroup: string): boolean {
  return [cgroup, ...namesIn(cgroup).map((name) => path.join(cgroup, name))].every((directory) => {
    try {
      return readFileSync(path.join(directory, 'cgroup.procs'), 'utf8') === '';
    } catch (error) {
      if (isErrno(error, 'ENOENT', 'ENOTDIR', 'ENODEV')) return true;
      throw error;
    }
  });
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return [];
    throw error;
  }
}
