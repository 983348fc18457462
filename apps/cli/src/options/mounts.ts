import path from 'node:path';
import type { Mount, MountType } from '@gantry/api-types';
import { errorMessage, parseByteSize, parseGoBoolean, splitCommas } from '@gantry/base';
import { UsageError } from '../errors.ts';
import { splitOnce } from './key-values.ts';

/** `--mount type=bind,source=/a,target=/b,readonly`. Throws `UsageError` in Docker's words. */
export function parseMount(text: string): Mount {
  try {
    return readMount(text);
  } catch (error) {
    throw new UsageError(
      `invalid argument ${JSON.stringify(text)} for "--mount" flag: ${errorMessage(error)}`,
    );
  }
}

function readMount(text: string): Mount {
  const mount: Mount = { Type: 'volume' };
  for (const field of splitCommas(text)) {
    const [name, value] = splitOnce(field, '=');
    const key = name.trim().toLowerCase();
    const setter = setters[key];
    if (!field.includes('=') && !bareKeys.has(key))
      throw invalid(`invalid field '${field}' must be a key=value pair`);
    if (setter === undefined) throw invalid(`unexpected key '${key}' in '${field}'`);
    setter(mount, field.includes('=') ? value : 'true');
  }
  checkMount(mount);
  return mount;
}

type Setter = (mount: Mount, value: string) => void;

const bareKeys: ReadonlySet<string> = new Set(['readonly', 'ro', 'volume-nocopy', 'bind-nonrecursive']);

const setReadOnly: Setter = (mount, value) => void (mount.ReadOnly = flag('readonly', value));
const setSource: Setter = (mount, value) => {
  mount.Source = /^\.{1,2}(?:\/|$)/.test(value) ? path.resolve(value) : value;
};
const setTarget: Setter = (mount, value) => void (mount.Target = value);

const setters: Readonly<Record<string, Setter>> = {
  type: (mount, value) => void (mount.Type = value.toLowerCase() as MountType),
  source: setSource,
  src: setSource,
  target: setTarget,
  dst: setTarget,
  destination: setTarget,
  readonly: setReadOnly,
  ro: setReadOnly,
  consistency: (mount, value) => void (mount.Consistency = value.toLowerCase()),
  'bind-propagation': (mount, value) => {
    const propagation = value.toLowerCase() as NonNullable<NonNullable<Mount['BindOptions']>['Propagation']>;
    (mount.BindOptions ??= {}).Propagation = propagation;
  },
  'bind-nonrecursive': (mount, value) => {
    (mount.BindOptions ??= {}).NonRecursive = flag('bind-nonrecursive', value);
  },
  'bind-recursive': setRecursive,
  'volume-nocopy': (mount, value) =>
    void ((mount.VolumeOptions ??= {}).NoCopy = flag('volume-nocopy', value)),
  'volume-subpath': (mount, value) => void ((mount.VolumeOptions ??= {}).Subpath = value),
  'volume-label': (mount, value) => {
    const [name, content] = splitOnce(value, '=');
    ((mount.VolumeOptions ??= {}).Labels ??= {})[name] = content;
  },
  'volume-driver': (mount, value) => void (driverOf(mount).Name = value),
  'volume-opt': (mount, value) => {
    const [name, content] = splitOnce(value, '=');
    (driverOf(mount).Options ??= {})[name] = content;
  },
  'image-subpath': (mount, value) => void ((mount.ImageOptions ??= {}).Subpath = value),
  'tmpfs-size': (mount, value) => void ((mount.TmpfsOptions ??= {}).SizeBytes = sizeOf(value)),
  'tmpfs-mode': (mount, value) => {
    if (!/^[0-7]+$/.test(value)) throw invalid(`invalid value for tmpfs-mode: ${value}`);
    (mount.TmpfsOptions ??= {}).Mode = Number.parseInt(value, 8);
  },
};

function setRecursive(mount: Mount, value: string): void {
  const options = (mount.BindOptions ??= {});
  if (value === 'enabled') return;
  if (value === 'disabled') options.NonRecursive = true;
  else if (value === 'writable') options.ReadOnlyNonRecursive = true;
  else if (value === 'readonly') options.ReadOnlyForceRecursive = true;
  else
    throw invalid(
      `invalid value for bind-recursive: ${value} (must be "enabled", "disabled", "writable", or "readonly")`,
    );
}

function checkMount(mount: Mount): void {
  if (!mount.Type) throw invalid('type is required');
  if (!mount.Target) throw invalid('target is required');
  checkRecursive(mount);
  const owners: [string, unknown, MountType][] = [
    ['bind', mount.BindOptions, 'bind'],
    ['volume', mount.VolumeOptions, 'volume'],
    ['tmpfs', mount.TmpfsOptions, 'tmpfs'],
    ['image', mount.ImageOptions, 'image'],
  ];
  for (const [prefix, options, type] of owners) {
    if (options !== undefined && mount.Type !== type) {
      throw invalid(`cannot mix '${prefix}-*' options with mount type '${mount.Type}'`);
    }
  }
}

/** What is said of the mounts below a bind goes with other words only. */
function checkRecursive({ ReadOnly, BindOptions: options }: Mount): void {
  if (options?.ReadOnlyNonRecursive === true && ReadOnly !== true) {
    throw invalid("option 'bind-recursive=writable' requires 'readonly' to be specified in conjunction");
  }
  if (options?.ReadOnlyForceRecursive !== true) return;
  if (ReadOnly !== true) {
    throw invalid("option 'bind-recursive=readonly' requires 'readonly' to be specified in conjunction");
  }
  if (options.Propagation === 'rprivate') return;
  throw invalid(
    "option 'bind-recursive=readonly' requires 'bind-propagation=rprivate' to be specified in conjunction",
  );
}

type Driver = NonNullable<NonNullable<Mount['VolumeOptions']>['DriverConfig']>;

function driverOf(mount: Mount): Driver {
  return ((mount.VolumeOptions ??= {}).DriverConfig ??= {});
}

function flag(name: string, value: string): boolean {
  try {
    return parseGoBoolean(value);
  } catch {
    throw invalid(`invalid value for ${name}: ${value}`);
  }
}

function sizeOf(value: string): number {
  try {
    return parseByteSize(value);
  } catch {
    throw invalid(`invalid value for tmpfs-size: ${value}`);
  }
}

function invalid(reason: string): Error {
  return new Error(reason);
}
