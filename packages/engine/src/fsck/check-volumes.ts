import { existsSync } from 'node:fs';
import type { ContainerSummary } from '@gantry/api-types';
import { isMountPoint } from '@gantry/kernel';
import type { StoredVolume } from '@gantry/volumes';
import type { Problem } from './problem.ts';

/** Volumes have their directories, know exactly the containers that have them, and are mounted while somebody holds them. */
export function checkVolumes(
  { volumes }: { volumes: { list(): StoredVolume[] } },
  containers: readonly ContainerSummary[],
): Problem[] {
  const ids = new Set(containers.map(({ Id: id = '' }) => id));
  const problem = (object: string, fact: string): Problem => ({ kind: 'volume', object, fact });
  const all = volumes.list();
  const users = new Map(all.map(({ name, usedBy }) => [name, new Set(usedBy)]));
  return [
    ...all.flatMap((volume) => checkMounts(volume).map((fact) => problem(volume.name, fact))),
    ...all.flatMap(({ name, usedBy, heldBy }) => [
      ...heldBy
        .filter((id) => !ids.has(containerOf(id)))
        .map((id) => problem(name, `mounted for ${id}, which is not there`)),
      ...usedBy.filter((id) => !ids.has(id)).map((id) => problem(name, `used by ${id}, which is not there`)),
    ]),
    ...containers.flatMap(({ Id: id = '', Mounts: mounts }) =>
      (mounts ?? [])
        .filter(({ Type: type, Name: name = '' }) => type === 'volume' && users.get(name)?.has(id) !== true)
        .map(({ Name: name = '' }) => problem(name, `container ${id} has it, and it does not know`)),
    ),
  ];
}

/** The container that holds a volume: for its run, or for as long as its files are copied. */
export function containerOf(holder: string): string {
  return holder.split('-', 1)[0] ?? '';
}

function checkMounts({ driver, mountpoint, options, heldBy }: StoredVolume): string[] {
  if (driver !== 'local') return [];
  if (!existsSync(mountpoint)) return ['its directory is gone'];
  if (options['device'] === undefined || isMountPoint(mountpoint) === heldBy.length > 0) return [];
  return [heldBy.length > 0 ? 'it is in use and not mounted' : 'it is mounted and not in use'];
}
