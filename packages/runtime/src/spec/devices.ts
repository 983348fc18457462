import { readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { isErrno } from '@gantry/kernel';
import type { RuntimeLinux, RuntimeResources } from '@gantry/oci';
import { DeviceNotFoundError } from './errors.ts';
import type { SpecDevice, SpecOptions } from './spec-options.ts';

type Device = NonNullable<RuntimeLinux['devices']>[number];
export type DeviceRule = NonNullable<RuntimeResources['devices']>[number];

/** Of /dev, what a container has of its own. */
const ownPlaces = new Set(['pts', 'shm', 'fd', 'mqueue', 'console', '.udev', '.lxc', '.lxd-mounts']);
const deviceKinds = 0o170000;
const characterDevice = 0o020000;
const blockDevice = 0o060000;

/** Without privileges: nodes may be made, and null, zero, full, random, urandom, tty, console, ptmx and terminals used. */
const defaultDeviceRules: readonly DeviceRule[] = [
  { allow: false, access: 'rwm' },
  { allow: true, type: 'c', access: 'm' },
  { allow: true, type: 'b', access: 'm' },
  ...(
    [
      [1, 3],
      [1, 5],
      [1, 7],
      [1, 8],
      [1, 9],
      [5, 0],
      [5, 1],
      [5, 2],
    ] as const
  ).map(([major, minor]) => ({ allow: true, type: 'c', major, minor, access: 'rwm' })),
  { allow: true, type: 'c', major: 136, access: 'rwm' },
];

const allDeviceRules: readonly DeviceRule[] = [{ allow: true, access: 'rwm' }];

/**
 * All devices of a container, with the rules of its devices cgroup. Throws `DeviceNotFoundError`. A privileged container has
 * the host's, and those that were asked for where they have another name there.
 */
export function specDevices({
  devices = [],
  deviceRules = [],
  privileged,
}: Pick<SpecOptions, 'devices' | 'deviceRules' | 'privileged'>): { devices: Device[]; rules: DeviceRule[] } {
  const renamed = devices.filter((device) => !privileged || device.pathOnHost !== device.pathInContainer);
  const requested = renamed.map(requestedDevices);
  const nodes = requested.flatMap((each) => each.devices);
  if (privileged) return { devices: [...hostDevices(), ...nodes], rules: [...allDeviceRules] };
  const rules = [...defaultDeviceRules, ...requested.flatMap((each) => each.rules), ...deviceRules];
  return { devices: nodes, rules };
}

/** Every device node of the host, for privileged containers. */
export function hostDevices(directory = '/dev'): Device[] {
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const file = path.join(directory, entry.name);
    if (directory === '/dev' && ownPlaces.has(entry.name)) return [];
    if (entry.isDirectory()) return hostDevices(file);
    if (!entry.isCharacterDevice() && !entry.isBlockDevice()) return [];
    return deviceOf(file);
  });
}

/**
 * The node at `pathOnHost`, or all below it when that is a directory, each at its place below `pathInContainer`, and the
 * rules that let them be used. Throws `DeviceNotFoundError`.
 */
function requestedDevices({ pathOnHost, pathInContainer, access }: SpecDevice): {
  devices: Device[];
  rules: DeviceRule[];
} {
  const found = devicesBelow(pathOnHost);
  const devices = found.map((device) => ({
    ...device,
    path: path.posix.join(pathInContainer, path.posix.relative(pathOnHost, device.path)),
  }));
  const rules = found.map(({ type, major = 0, minor = 0 }) => ({ allow: true, type, major, minor, access }));
  return { devices, rules };
}

/** The node at `file`, or where a link there leads. Throws `DeviceNotFoundError`. */
export function nodeOf(file: string): Device {
  const [node] = statSync(file, { throwIfNoEntry: false }) === undefined ? [] : deviceOf(file);
  if (node === undefined) throw new DeviceNotFoundError(file, 'not a device node');
  return node;
}

function devicesBelow(file: string): Device[] {
  const stat = statSync(file, { throwIfNoEntry: false });
  if (stat === undefined) throw new DeviceNotFoundError(file, 'no such file or directory');
  const found = stat.isDirectory() ? hostDevices(file) : deviceOf(file);
  if (found.length === 0) throw new DeviceNotFoundError(file, 'not a device node');
  return found;
}

/** The node itself, or where a link leads. */
function deviceOf(file: string): Device[] {
  try {
    const { rdev, mode, uid, gid } = statSync(file);
    const kind = mode & deviceKinds;
    if (kind !== characterDevice && kind !== blockDevice) return [];
    return [
      {
        type: kind === characterDevice ? 'c' : 'b',
        path: file,
        major: majorOf(rdev),
        minor: minorOf(rdev),
        fileMode: mode & 0o777,
        uid,
        gid,
      },
    ];
  } catch (error) {
    // Devices come and go while the directory is read.
    if (isErrno(error, 'ENOENT')) return [];
    throw error;
  }
}

/** makedev(3), as glibc packs it. */
function majorOf(device: number): number {
  const number = BigInt(device);
  return Number(((number >> 8n) & 0xfffn) | ((number >> 32n) & ~0xfffn));
}

function minorOf(device: number): number {
  const number = BigInt(device);
  return Number((number & 0xffn) | ((number >> 12n) & ~0xffn & 0xffff_ffffn));
}
