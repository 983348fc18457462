import type { HostConfig } from '@gantry/api-types';
import { CommandError } from '../errors.ts';
import type { FlagValues } from '../grammar/flag-values.ts';
import { readSecurityOptions } from './devices.ts';
import { parseKeyValues } from './key-values.ts';
import { parseMount } from './mounts.ts';
import { resourcesOf, sizeOf } from './resources.ts';
import { parseRestartPolicy } from './restart-policy.ts';
import { parseTmpfs } from './volumes.ts';

/** What the flags say about a container's surroundings. Unset flags leave no field. */
export function hostConfigOf(flags: FlagValues): HostConfig {
  const host: HostConfig = { ...resourcesOf(flags) };
  const set = (values: Partial<HostConfig>): void => void Object.assign(host, values);
  copyLists(flags, host);
  copyStrings(flags, host);
  if (flags.boolean('rm')) set({ AutoRemove: true });
  if (flags.boolean('privileged')) set({ Privileged: true });
  if (flags.boolean('publish-all')) set({ PublishAllPorts: true });
  if (flags.boolean('read-only')) set({ ReadonlyRootfs: true });
  if (flags.has('init')) set({ Init: flags.boolean('init') });
  if (flags.has('cidfile')) set({ ContainerIDFile: flags.string('cidfile') });
  if (flags.has('oom-score-adj')) set({ OomScoreAdj: flags.number('oom-score-adj') });
  if (flags.has('shm-size')) set({ ShmSize: sizeOf(flags, 'shm-size') });
  if (flags.has('restart')) set({ RestartPolicy: parseRestartPolicy(flags.string('restart')) });
  if (flags.has('mount')) set({ Mounts: flags.list('mount').map(parseMount) });
  if (flags.has('tmpfs')) set({ Tmpfs: parseTmpfs(flags.list('tmpfs')) });
  if (flags.has('sysctl')) set({ Sysctls: parseKeyValues(flags.list('sysctl')) });
  if (flags.has('annotation')) set({ Annotations: parseKeyValues(flags.list('annotation')) });
  if (flags.has('storage-opt')) set({ StorageOpt: parseKeyValues(flags.list('storage-opt')) });
  applyLogging(flags, host);
  applySecurity(flags, host);
  return host;
}

const listFields = {
  dns: 'Dns',
  'dns-search': 'DnsSearch',
  'group-add': 'GroupAdd',
  'volumes-from': 'VolumesFrom',
  link: 'Links',
  'device-cgroup-rule': 'DeviceCgroupRules',
} as const;

function copyLists(flags: FlagValues, host: HostConfig): void {
  for (const [flag, field] of Object.entries(listFields)) {
    if (flags.has(flag)) host[field] = [...flags.list(flag)];
  }
  if (flags.has('add-host'))
    host.ExtraHosts = flags.list('add-host').map((entry) => entry.replace(/^([^:=]*)=/, '$1:'));
  if (flags.has('cap-add')) host.CapAdd = flags.list('cap-add').map(capabilityName);
  if (flags.has('cap-drop')) host.CapDrop = flags.list('cap-drop').map(capabilityName);
  const options = [...flags.list('dns-option'), ...flags.list('dns-opt')];
  if (options.length > 0) host.DnsOptions = options;
}

/** `net_admin` as `CAP_NET_ADMIN`; `ALL` stays. */
function capabilityName(text: string): string {
  const name = text.trim().toUpperCase();
  return name === 'ALL' || name.startsWith('CAP_') ? name : `CAP_${name}`;
}

/** Flag, field, and how Docker names the mode when it is malformed. */
const modes = [
  ['pid', 'PidMode', /^(?:host|container:.+)?$/, '--pid: invalid PID mode'],
  ['uts', 'UTSMode', /^(?:host)?$/, '--uts: invalid UTS mode'],
  ['userns', 'UsernsMode', /^(?:host|auto)?$/, '--userns: invalid USER mode'],
  ['cgroupns', 'CgroupnsMode', /^(?:host|private)?$/, '--cgroupns: invalid CGROUP mode'],
  ['ipc', 'IpcMode', /./, ''],
  ['runtime', 'Runtime', /./, ''],
  ['volume-driver', 'VolumeDriver', /./, ''],
  ['isolation', 'Isolation', /./, ''],
  ['cgroup-parent', 'CgroupParent', /./, ''],
] as const;

function copyStrings(flags: FlagValues, host: HostConfig): void {
  for (const [flag, field, pattern, message] of modes) {
    if (!flags.has(flag)) continue;
    const value = flags.string(flag);
    if (message !== '' && !pattern.test(value)) throw new CommandError(125, message);
    if (value !== '') Object.assign(host, { [field]: value });
  }
}

function applyLogging(flags: FlagValues, host: HostConfig): void {
  const driver = flags.string('log-driver');
  const options = flags.list('log-opt');
  if (driver === 'none' && options.length > 0) {
    throw new CommandError(125, `invalid logging opts for driver ${driver}`);
  }
  if (driver === '' && options.length === 0) return;
  Object.assign(host, { LogConfig: { Type: driver, Config: parseKeyValues(options) } });
}

function applySecurity(flags: FlagValues, host: HostConfig): void {
  if (!flags.has('security-opt')) return;
  const isSystemPaths = (option: string): boolean => option === 'systempaths=unconfined';
  const options = flags.list('security-opt');
  const bare = options.find((option) => !/[=:]/.test(option) && option !== 'no-new-privileges');
  if (bare !== undefined && bare !== 'writable-cgroups')
    throw new CommandError(125, `Invalid --security-opt: ${JSON.stringify(bare)}`);
  host.SecurityOpt = readSecurityOptions(options.filter((option) => !isSystemPaths(option)));
  if (options.some(isSystemPaths)) {
    host.MaskedPaths = [];
    host.ReadonlyPaths = [];
  }
}
