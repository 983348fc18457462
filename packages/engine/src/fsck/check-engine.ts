import type { ContainerSummary } from '@gantry/api-types';
import type { Clock } from '@gantry/base';
import type { BuildService } from '@gantry/builder';
import type { LocalImageStore } from '@gantry/images';
import type { NetworkController } from '@gantry/network';
import type { ContainerRuntime } from '@gantry/runtime';
import type { Snapshotter } from '@gantry/snapshots';
import type { VolumeStore } from '@gantry/volumes';
import { checkContainers } from './check-containers.ts';
import { checkStrays, removeStray, type StrayPlaces } from './check-strays.ts';
import { checkVolumes, containerOf } from './check-volumes.ts';
import type { Problem } from './problem.ts';

/** What is checked against each other. */
export interface Consistency {
  dataRoot: string;
  containers: () => Promise<ContainerSummary[]>;
  /** Records that could not be read when the engine opened. */
  damaged: readonly { id: string; fact: string }[];
  images: Pick<LocalImageStore, 'check' | 'repair'>;
  snapshots: Pick<Snapshotter, 'list' | 'remove'>;
  runtime: Pick<ContainerRuntime, 'list' | 'remove'>;
  volumes: Pick<VolumeStore, 'list' | 'release' | 'unmount'>;
  network: Pick<NetworkController, 'networks' | 'detach' | 'check'>;
  builds: Pick<BuildService, 'activeSteps'>;
  /** Where traces of containers may be in the kernel. */
  places: StrayPlaces;
  clock: Clock;
}

/** Long enough for most of what is under way to be done or seen to move. */
const settleMs = 500;

/**
 * Checks what the engine keeps against each other: records, directories, file systems, processes, blobs, layers, volumes and
 * attachments. What is only there for a moment, while something is made or removed, is left out: only what is found twice
 * counts. Changes nothing.
 */
export async function checkEngine(parts: Consistency): Promise<Problem[]> {
  const first = await look(parts);
  if (first.length === 0) return [];
  await parts.clock.sleep(settleMs);
  const again = new Set((await look(parts)).map(keyOf));
  return first.filter((problem) => again.has(keyOf(problem)));
}

/** Puts right what can be without losing anything that a container or an image still has: what is left of neither goes. */
export async function repairEngine(parts: Consistency, problems: readonly Problem[]): Promise<void> {
  const ids = new Set((await parts.containers()).map(({ Id: id = '' }) => id));
  for (const { kind, object } of problems) {
    if (kind === 'container' && !ids.has(object)) {
      await parts.runtime.remove(object);
      await parts.snapshots.remove(object);
    }
    if (kind === 'network' && !ids.has(object)) await parts.network.detach(object);
    if (kind === 'mount' || kind === 'cgroup') await removeStray(kind, object);
  }
  for (const { name, usedBy, heldBy } of parts.volumes.list()) {
    for (const id of usedBy.filter((id) => !ids.has(id))) parts.volumes.release(name, id);
    for (const id of heldBy.filter((id) => !ids.has(containerOf(id)))) await parts.volumes.unmount(name, id);
  }
  await parts.images.repair();
}

/** What belongs to a step of a build is nobody's problem. */
async function look(parts: Consistency): Promise<Problem[]> {
  const steps = parts.builds.activeSteps();
  const problems = await lookEverywhere(parts, steps);
  return problems.filter(({ object }) => !steps.has(object));
}

async function lookEverywhere(parts: Consistency, steps: ReadonlySet<string>): Promise<Problem[]> {
  const containers = await parts.containers();
  const images = await parts.images.check();
  return [
    ...parts.damaged.map(({ id, fact }): Problem => ({ kind: 'container', object: id, fact })),
    ...(await checkContainers(parts, containers)),
    ...images.map((problem): Problem => ({ kind: 'image', ...problem })),
    ...checkVolumes(parts, containers),
    ...checkNetworks(parts, containers),
    ...parts.network.check().map((problem): Problem => ({ kind: 'network', ...problem })),
    ...checkStrays(
      parts.places,
      new Set([...containers.map(({ Id: id = '' }) => id), ...parts.damaged.map(({ id }) => id), ...steps]),
    ),
  ];
}

/** Only containers that run are on a network. */
function checkNetworks({ network }: Consistency, containers: readonly ContainerSummary[]): Problem[] {
  const ids = new Set(containers.map(({ Id: id = '' }) => id));
  return network.networks().flatMap(({ name, endpoints }) =>
    endpoints
      .filter(({ containerId }) => !ids.has(containerId))
      .map(
        ({ containerId }): Problem => ({
          kind: 'network',
          object: containerId,
          fact: `attached to ${name}, and no container`,
        }),
      ),
  );
}

function keyOf({ kind, object, fact }: Problem): string {
  return JSON.stringify([kind, object, fact]);
}
