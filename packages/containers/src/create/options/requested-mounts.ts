import type { ContainerConfig, HostConfig } from '@gantry/api-types';
import { InvalidOptionError } from '../../errors.ts';
import type { ContainerMount } from '../../state/container-record.ts';
import { parseBind } from './bind-spec.ts';
import { parseMount } from './mount-spec.ts';
import { mountDestination, type RequestedMount } from './requested-mount.ts';
import { parseTmpfs } from './tmpfs.ts';

/**
 * All mount points of a container: `Binds`, `Mounts`, `Tmpfs` and, where none of them lies, the config's volumes (the
 * image's are among them). Of `inherited`, mounts of other containers, those are kept whose place nobody else wants. Throws `InvalidOptionError` when two of the first three have one destination.
 */
export function requestedMounts(
  config: ContainerConfig,
  host: HostConfig,
  inherited: readonly ContainerMount[],
): { requested: RequestedMount[]; kept: ContainerMount[] } {
  const explicit = [
    ...(host.Binds ?? []).map((bind) => parseBind(bind, host.VolumeDriver ?? '')),
    ...(host.Mounts ?? []).map(parseMount),
    ...Object.entries(host.Tmpfs ?? {}).map(([destination, options]) => parseTmpfs(destination, options)),
  ];
  const taken = new Set<string>();
  for (const { destination } of explicit) {
    if (taken.has(destination)) throw new InvalidOptionError(`Duplicate mount point: ${destination}`);
    taken.add(destination);
  }
  const kept = inherited.filter(({ destination }) => !taken.has(destination));
  for (const { destination } of kept) taken.add(destination);
  const implied = Object.keys(config.Volumes ?? {})
    .map(
      (given): RequestedMount => ({
        type: 'volume',
        name: undefined,
        driver: host.VolumeDriver ?? '',
        options: {},
        destination: mountDestination(given),
        mode: '',
        readOnly: false,
        copyUp: true,
        labels: {},
      }),
    )
    .filter(({ destination }) => !taken.has(destination));
  return { requested: [...explicit, ...implied], kept };
}
