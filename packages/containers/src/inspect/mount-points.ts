import type { MountPoint } from '@gantry/api-types';
import type { Container } from '../container.ts';

/** `Mounts` of `docker inspect` and `docker ps`: what `--tmpfs` asks for stands in the HostConfig alone. */
export function mountPoints({ record }: Container): MountPoint[] {
  const { Tmpfs: tmpfs } = record.hostConfig;
  const shown = record.mounts.filter(
    ({ type, destination }) => type !== 'tmpfs' || tmpfs?.[destination] === undefined,
  );
  return shown.map((mount): MountPoint => {
    const { destination: Destination } = mount;
    switch (mount.type) {
      case 'bind':
        return {
          Type: 'bind',
          Source: mount.source,
          Destination,
          Mode: mount.mode,
          RW: !mount.readOnly,
          Propagation: mount.propagation,
        };
      case 'volume':
        return {
          Type: 'volume',
          Name: mount.volumeName,
          Source: mount.source,
          Destination,
          Driver: mount.driver ?? 'local',
          Mode: mount.mode,
          RW: !mount.readOnly,
          Propagation: '',
        };
      case 'image':
        return {
          Type: 'image',
          Name: mount.reference,
          Source: mount.imageId,
          Destination,
          Mode: '',
          RW: false,
          Propagation: '',
        };
      case 'tmpfs':
        return {
          Type: 'tmpfs',
          Source: '',
          Destination,
          Mode: '',
          RW: !mount.options.includes('ro'),
          Propagation: '',
        };
    }
  });
}
