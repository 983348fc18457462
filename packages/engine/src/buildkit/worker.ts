import type { control, Draft } from '@gantry/buildkit';
import { hostPlatform } from '@gantry/oci';

/** BuildKit's version whose protocol this is: clients decide by it what they ask for. */
const buildkitVersion = 'v0.25.0';

export interface WorkerFacts {
  readonly engineId: string;
  readonly hostname: string;
}

type Worker = NonNullable<Draft<control.ListWorkersResponse>['record']>[number];

/** The engine as the one worker that there is. The label of a snapshotter says that all exporters and platforms are built. */
export function workerRecord({ engineId, hostname }: WorkerFacts): Worker {
  const { os, architecture, variant = '' } = hostPlatform();
  return {
    id: engineId,
    labels: new Map([
      ['org.mobyproject.buildkit.worker.executor', 'oci'],
      ['org.mobyproject.buildkit.worker.hostname', hostname],
      ['org.mobyproject.buildkit.worker.network', 'bridge'],
      ['org.mobyproject.buildkit.worker.snapshotter', 'overlayfs'],
    ]),
    platforms: [{ os, architecture, variant }],
    buildkitVersion: versionRecord(),
  };
}

export function versionRecord(): NonNullable<Draft<control.InfoResponse>['buildkitVersion']> {
  return { package: 'github.com/moby/buildkit', version: buildkitVersion, dockerfileVersion: '1.19.0' };
}
