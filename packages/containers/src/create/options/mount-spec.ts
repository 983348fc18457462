import type { Mount } from '@gantry/api-types';
import { InvalidOptionError, OptionNotBuiltError } from '../../errors.ts';
import type { ReadOnlyBelow } from '../../state/container-record.ts';
import {
  bindPropagation,
  checkVolumeName,
  mountDestination,
  mountSubpath,
  type RequestedMount,
} from './requested-mount.ts';
import { parseTmpfs } from './tmpfs.ts';

/**
 * Reads one of `HostConfig.Mounts` (`--mount`): bind, volume, image or tmpfs. Throws `InvalidOptionError` with Docker's words,
 * `OptionNotBuiltError` for what is not built.
 */
export function parseMount(mount: Mount): RequestedMount {
  const { Type: type, Target: target = '' } = mount;
  if (target === '') throw invalid(type, 'field Target must not be empty');
  switch (type) {
    case 'bind':
      return bindMount(mount, target);
    case 'volume':
      return volumeMount(mount, target);
    case 'tmpfs':
      return tmpfsMount(mount, target);
    case 'image':
      return imageMount(mount, target);
    case 'cluster':
    case 'npipe':
      throw new OptionNotBuiltError('HostConfig.Mounts.Type', type);
    default:
      // The API's file has no other words; clients have.
      throw invalid(type, 'mount type unknown');
  }
}

function place(type: string): string {
  return `invalid mount config for type "${type}": `;
}

function bindMount(mount: Mount, target: string): RequestedMount {
  const { Source: source = '', BindOptions: options } = mount;
  if (source === '') throw invalid('bind', 'field Source must not be empty');
  if (!source.startsWith('/'))
    throw invalid('bind', `invalid mount path: '${source}' mount path must be absolute`);
  if (mount.VolumeOptions !== undefined) throw invalid('bind', 'field VolumeOptions must not be specified');
  return {
    type: 'bind',
    source,
    destination: mountDestination(target, place('bind')),
    mode: '',
    readOnly: mount.ReadOnly === true,
    ...readOnlyBelow(mount),
    propagation: bindPropagation(options?.Propagation),
    recursive: options?.NonRecursive !== true,
    createSource: options?.CreateMountpoint === true,
  };
}

function volumeMount(mount: Mount, target: string): RequestedMount {
  const { Source: name, VolumeOptions: options } = mount;
  const { Name: driver = '', Options: driverOptions } = options?.DriverConfig ?? {};
  const subpath = mountSubpath(options?.Subpath, 'volume');
  if (subpath !== undefined && (name === undefined || name === '')) {
    throw invalid('volume', 'must not set Subpath when using anonymous volumes');
  }
  if (name !== undefined && name !== '') checkVolumeName(name, driver);
  return {
    type: 'volume',
    name: name === '' ? undefined : name,
    driver,
    options: driverOptions ?? {},
    destination: mountDestination(target, place('volume')),
    mode: 'z',
    readOnly: mount.ReadOnly === true,
    copyUp: options?.NoCopy !== true && subpath === undefined,
    labels: options?.Labels ?? {},
    ...(subpath !== undefined && { subpath }),
  };
}

/** Docker's rules of what is said of the mounts below a bind. */
function readOnlyBelow({ ReadOnly, BindOptions: options }: Mount): { readOnlyBelow?: ReadOnlyBelow } {
  const writable = options?.ReadOnlyNonRecursive === true;
  const readonly = options?.ReadOnlyForceRecursive === true;
  if (!writable && !readonly) return {};
  if (writable && readonly) {
    throw invalid('bind', 'ReadOnlyNonRecursive and ReadOnlyForceRecursive must not be specified together');
  }
  const field = writable ? 'ReadOnlyNonRecursive' : 'ReadOnlyForceRecursive';
  if (ReadOnly !== true) throw invalid('bind', `${field} needs ReadOnly`);
  const propagation = options?.Propagation ?? 'rprivate';
  if (readonly && propagation !== 'rprivate') throw invalid('bind', `${field} needs Propagation rprivate`);
  if (readonly && options?.NonRecursive === true) throw invalid('bind', `${field} excludes NonRecursive`);
  return { readOnlyBelow: writable ? 'writable' : 'readonly' };
}

function imageMount(mount: Mount, target: string): RequestedMount {
  const { Source: reference = '', ImageOptions: options } = mount;
  if (reference === '') throw invalid('image', 'field Source must not be empty');
  const subpath = mountSubpath(options?.Subpath, 'image');
  return {
    type: 'image',
    reference,
    destination: mountDestination(target, place('image')),
    ...(subpath !== undefined && { subpath }),
  };
}

function tmpfsMount(mount: Mount, target: string): RequestedMount {
  if (mount.Source !== undefined && mount.Source !== '')
    throw invalid('tmpfs', 'field Source must not be specified');
  const { SizeBytes: size = 0, Mode: mode = 0, Options: extra = [] } = mount.TmpfsOptions ?? {};
  const options = [
    ...(mount.ReadOnly === true ? ['ro'] : []),
    ...(size > 0 ? [`size=${size}`] : []),
    ...(mode > 0 ? [`mode=${mode.toString(8)}`] : []),
    ...extra.map((words) => words.join('=')),
  ];
  return parseTmpfs(target, options.join(','));
}

function invalid(type: string | undefined, fact: string): InvalidOptionError {
  return new InvalidOptionError(`invalid mount config for type "${type ?? ''}": ${fact}`);
}
