import { existsSync } from 'node:fs';
import path from 'node:path';
import type { ContainerSummary } from '@gantry/api-types';
import { snapshotOwner } from '@gantry/containers';
import type { ContainerRuntime } from '@gantry/runtime';
import type { Snapshotter } from '@gantry/snapshots';
import type { Problem } from './problem.ts';

const running: ReadonlySet<string> = new Set(['running', 'paused']);

/** What a container has besides its record. */
export interface StoredParts {
  dataRoot: string;
  runtime: Pick<ContainerRuntime, 'list'>;
  snapshots: Pick<Snapshotter, 'list'>;
}

/** Every container has its directory and its file system, those that run a process, and nothing is left of others. */
export async function checkContainers(
  { dataRoot, runtime, snapshots }: StoredParts,
  containers: readonly ContainerSummary[],
): Promise<Problem[]> {
  const ids = new Set(containers.map(({ Id: id = '' }) => id));
  const writable = new Set(await snapshots.list());
  const traces = new Set(runtime.list());
  const problem = (object: string, fact: string): Problem => ({ kind: 'container', object, fact });
  return [
    ...containers.flatMap(({ Id: id = '', State: state = '' }) => [
      ...(writable.has(id) ? [] : [problem(id, 'its file system is gone')]),
      ...(existsSync(path.join(dataRoot, 'containers', id)) ? [] : [problem(id, 'its directory is gone')]),
      ...(running.has(state) && !traces.has(id) ? [problem(id, `it is ${state} and has no process`)] : []),
    ]),
    ...[...writable]
      .filter((id) => !ids.has(snapshotOwner(id) ?? id))
      .map((id) => problem(id, 'a file system of no container')),
    ...[...traces].filter((id) => !ids.has(id)).map((id) => problem(id, 'a process of no container')),
  ];
}
