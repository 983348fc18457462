import { release } from 'node:os';
import type { SharedMemory, SpecMount, SpecNamespaces, SpecOptions, TerminalSize } from '@gantry/runtime';
import { containerCapabilities } from '../create/options/capabilities.ts';
import { deviceCgroupRules, requestedDevices } from '../create/options/devices.ts';
import { applyVariables } from '../create/options/environment-variables.ts';
import { securitySettings } from '../create/options/security.ts';
import { containerSysctls } from '../create/options/sysctls.ts';
import { mergedLimits, resourceLimits } from '../create/options/ulimits.ts';
import type { ContainerDefaults } from '../environment.ts';
import { containerLimits, oomScoreAdjustment } from '../resources/container-limits.ts';
import type { ContainerMount, ContainerRecord, ReadOnlyBelow } from '../state/container-record.ts';
import { processUser } from './container-user.ts';
import type { MountSources } from './mount-sources.ts';
import { containerHostname, networkFiles } from './network-files.ts';

const defaultPath = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

export interface ContainerSpecParts {
  record: ContainerRecord;
  /** Where its hosts, hostname and resolv.conf are. */
  filesDirectory: string;
  rootfs: string;
  sources: Pick<MountSources, 'of'>;
  namespaces: SpecNamespaces;
  sharedMemory: SharedMemory;
  /** `name=value`, of the containers that it is linked to. */
  linkVariables: readonly string[];
  defaults: ContainerDefaults;
}

/** What the OCI spec of a container's next run is built from. Throws `UnknownUserError`. */
export function containerSpec(parts: ContainerSpecParts): SpecOptions {
  const { record, rootfs, defaults } = parts;
  const { config, hostConfig: host } = record;
  const { user, home } = processUser(record, rootfs, config.User ?? '');
  const size = firstTerminalSize(record);
  return {
    containerId: record.id,
    rootfs,
    readOnlyRootfs: host.ReadonlyRootfs === true,
    args: [...(config.Entrypoint ?? []), ...(config.Cmd ?? [])],
    env: processVariables(record, [...parts.linkVariables, ...(config.Env ?? [])], home),
    workingDirectory: workingDirectory(record),
    user,
    ...(size !== undefined && { terminal: size }),
    hostname: containerHostname(record),
    domainname: config.Domainname ?? '',
    capabilities: containerCapabilities({
      add: host.CapAdd ?? [],
      drop: host.CapDrop ?? [],
      privileged: host.Privileged === true,
    }),
    privileged: host.Privileged === true,
    ...securitySettings(host, defaults.security),
    namespaces: parts.namespaces,
    sysctls: containerSysctls(host),
    devices: requestedDevices(host),
    deviceRules: deviceCgroupRules(host),
    annotations: host.Annotations ?? {},
    mounts: [
      ...fileMounts(parts),
      ...record.mounts.map((mount) => specMount(mount, parts.sources)).sort(byDepth),
    ],
    sharedMemory: parts.sharedMemory,
    resources: containerLimits(host, defaults.cgroupSupport),
    oomScoreAdjustment: oomScoreAdjustment(host),
    rlimits: mergedLimits(defaults.ulimits, resourceLimits(host.Ulimits)),
    cgroupParent:
      host.CgroupParent === undefined || host.CgroupParent === '' ? defaults.cgroupParent : host.CgroupParent,
  };
}

export function workingDirectory({ config }: ContainerRecord): string {
  return config.WorkingDir === undefined || config.WorkingDir === '' ? '/' : config.WorkingDir;
}

/** What Docker sets by itself, and `own` on top of it. */
export function processVariables(record: ContainerRecord, own: readonly string[], home: string): string[] {
  const base = [
    defaultPath,
    `HOSTNAME=${containerHostname(record)}`,
    ...(record.config.Tty === true ? ['TERM=xterm'] : []),
  ];
  const variables = applyVariables(base, own);
  const hasHome = variables.some((entry) => entry.startsWith('HOME=') && entry !== 'HOME=');
  return hasHome ? variables : [...variables.filter((entry) => entry !== 'HOME='), `HOME=${home}`];
}

function firstTerminalSize({ config, hostConfig }: ContainerRecord): TerminalSize | undefined {
  if (config.Tty !== true) return undefined;
  const [rows = 0, columns = 0] = hostConfig.ConsoleSize ?? [];
  return { rows, columns };
}

/** /etc/resolv.conf, hostname and hosts, unless the user mounts something else there. */
function fileMounts({ record, filesDirectory }: ContainerSpecParts): SpecMount[] {
  const files = networkFiles(filesDirectory);
  const taken = new Set(record.mounts.map(({ destination }) => destination));
  const mounts = [
    { source: files.resolvConf, destination: '/etc/resolv.conf' },
    { source: files.hostname, destination: '/etc/hostname' },
    { source: files.hosts, destination: '/etc/hosts' },
  ];
  return mounts
    .filter(({ destination }) => !taken.has(destination))
    .map((mount) => ({ ...mount, type: 'bind', options: ['rbind', 'rprivate'] }));
}

function specMount(mount: ContainerMount, sources: Pick<MountSources, 'of'>): SpecMount {
  const { destination } = mount;
  if (mount.type === 'tmpfs') return { type: 'tmpfs', source: 'tmpfs', destination, options: mount.options };
  const { path, isDirectory } = sources.of(mount);
  return { type: 'bind', source: path, destination, options: bindOptions(mount, isDirectory) };
}

function bindOptions(mount: Exclude<ContainerMount, { type: 'tmpfs' }>, isDirectory: boolean): string[] {
  if (mount.type === 'image') return ['rbind', readOnlyOption(undefined, isDirectory), 'rprivate'];
  const below = mount.type === 'bind' ? mount.readOnlyBelow : undefined;
  const access = mount.readOnly ? readOnlyOption(below, isDirectory) : 'rw';
  if (mount.type === 'volume') return ['rbind', access, 'rprivate'];
  if (mount.recursive) return ['rbind', access, mount.propagation];
  // crun takes the `r` of the propagation for one of the bind.
  return ['bind', access, mount.propagation.replace(/^r/, '')];
}

/**
 * Read-only for the mounts below too, as in Docker, unless they are to stay writable; where the kernel cannot (before Linux
 * 5.12, mount_setattr(2)) only when it must. A file has none below, and crun wants a directory.
 */
function readOnlyOption(below: ReadOnlyBelow | undefined, isDirectory: boolean): string {
  if (!isDirectory || below === 'writable') return 'ro';
  const [major = 0, minor = 0] = release().split('.').map(Number);
  const can = major > 5 || (major === 5 && minor >= 12);
  return can || below === 'readonly' ? 'rro' : 'ro';
}

/** A mount inside another comes after it. */
function byDepth(a: SpecMount, b: SpecMount): number {
  return depth(a.destination) - depth(b.destination);
}

function depth(destination: string): number {
  return destination.split('/').length;
}
