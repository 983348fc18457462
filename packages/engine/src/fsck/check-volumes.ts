import { existsSync } from 'node:fs';
import type { ContainerSummary } from '@gantry/api-types';
import type { Consistency } from './check-engine.ts';
import type { Problem } from './problem.ts';

/** Volumes have their directories, and know exactly the containers that have them. */
export function checkVolumes({ volumes }: Consistency, containers: readonly ContainerSummary[]): Problem[] {
  const ids = new Set(containers.map(({ Id: id = '' }) => id));
  const problem = (object: string, fact: string): Problem => ({ kind: 'volume', object, fact });
  const all = volumes.list();
  const users = new Map(all.map(({ name, usedBy }) => [name, new Set(usedBy)]));
  return [
    ...all.flatMap(({ name, mountpoint, usedBy }) => [
      ...(existsSync(mountpoint) ? [] : [problem(name, 'its directory is gone')]),
      ...usedBy.filter((id) => !ids.has(id)).map((id) => problem(name, `used by ${id}, which is not there`)),
    ]),
    ...containers.flatMap(({ Id: id = '', Mounts: mounts }) =>
      (mounts ?? [])
        .filter(({ Type: type, Name: name = '' }) => type === 'volume' && users.get(name)?.has(id) !== true)
        .map(({ Name: name = '' }) => problem(name, `container ${id} has it, and it does not know`)),
    ),
  ];
}
