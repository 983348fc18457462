import { InvalidOptionError, OptionNotBuiltError } from '../../errors.ts';

/** Values besides the zero value that mean "nothing asked for", as clients send them. */
type Harmless = readonly unknown[];

/** What becomes of a field: `built` is handled elsewhere; otherwise only its zero value and these values pass. */
type FieldRule = 'built' | Harmless;

const configFields: Readonly<Record<string, FieldRule>> = {
  ...built(
    'Hostname Domainname User AttachStdin AttachStdout AttachStderr ExposedPorts Tty OpenStdin StdinOnce Env Cmd',
    'Image Volumes WorkingDir Entrypoint Labels StopSignal StopTimeout HostConfig NetworkingConfig Healthcheck Shell',
    'NetworkDisabled OnBuild',
  ),
  MacAddress: [],
  ArgsEscaped: [true],
};

const hostConfigFields: Readonly<Record<string, FieldRule>> = {
  ...built(
    'Binds ContainerIDFile LogConfig NetworkMode PortBindings RestartPolicy AutoRemove ConsoleSize CapAdd CapDrop',
    'Dns DnsOptions DnsSearch ExtraHosts GroupAdd Privileged PublishAllPorts ReadonlyRootfs Tmpfs ShmSize Runtime',
    'Memory MemorySwap MemoryReservation MemorySwappiness NanoCpus CpuShares CpuPeriod CpuQuota CpuRealtimePeriod',
    'CpuRealtimeRuntime CpuPercent CpusetCpus CpusetMems PidsLimit OomKillDisable OomScoreAdj CgroupParent',
    'BlkioWeight BlkioWeightDevice BlkioDeviceReadBps BlkioDeviceReadIOps BlkioDeviceWriteBps BlkioDeviceWriteIOps KernelMemoryTCP',
    'IOMaximumBandwidth IOMaximumIOps Ulimits Init Mounts SecurityOpt',
    'IpcMode PidMode UTSMode UsernsMode CgroupnsMode Sysctls Devices DeviceCgroupRules MaskedPaths ReadonlyPaths',
    'Isolation DeviceRequests Annotations StorageOpt VolumesFrom Links VolumeDriver',
  ),
  Cgroup: [],
  CpuCount: [],
  KernelMemory: [],
};

/** What only `inspect` tells is taken back: clients send what they were shown. */
const endpointFields: Readonly<Record<string, FieldRule>> = built(
  'IPAMConfig Links MacAddress Aliases DriverOpts GwPriority NetworkID EndpointID Gateway IPAddress IPPrefixLen',
  'IPv6Gateway GlobalIPv6Address GlobalIPv6PrefixLen DNSNames',
);

/**
 * Refuses every field of a create request that asks for something that is not built: `OptionNotBuiltError` for a field
 * that Docker knows, `InvalidOptionError` for any other. Zero values pass: clients send them for all fields.
 */
export function refuseUnbuiltOptions(request: object): void {
  const fields = request as Record<string, unknown>;
  refuse(fields, configFields, 'Config');
  refuse(asRecord(fields['HostConfig'], 'HostConfig'), hostConfigFields, 'HostConfig');
  const { Isolation: isolation } = asRecord(fields['HostConfig'], 'HostConfig');
  if (![undefined, null, '', 'default'].includes(isolation as string)) {
    throw new InvalidOptionError(`invalid isolation (${String(isolation)}): linux only supports 'default'`, {
      option: 'HostConfig.Isolation',
    });
  }
  const networking = asRecord(fields['NetworkingConfig'], 'NetworkingConfig');
  refuse(networking, { EndpointsConfig: 'built' }, 'NetworkingConfig');
  const endpoints = asRecord(networking['EndpointsConfig'], 'EndpointsConfig');
  for (const [network, settings] of Object.entries(endpoints)) {
    const option = `EndpointsConfig.${network}`;
    refuse(asRecord(settings, option), endpointFields, option);
  }
}

function refuse(
  fields: Record<string, unknown>,
  rules: Readonly<Record<string, FieldRule>>,
  where: string,
): void {
  for (const [name, value] of Object.entries(fields)) {
    const rule = Object.hasOwn(rules, name) ? rules[name] : undefined;
    if (rule === 'built' || isZero(value)) continue;
    const option = `${where}.${name}`;
    if (rule === undefined) throw new InvalidOptionError(`unknown option ${option}`, { option });
    if (rule.some((harmless) => JSON.stringify(harmless) === JSON.stringify(value))) continue;
    throw new OptionNotBuiltError(option, JSON.stringify(value).slice(0, 80));
  }
}

/** False, 0, empty and missing, at any depth: Go's zero value, as its clients send it. */
function isZero(value: unknown): boolean {
  if (value === null || value === undefined || value === false || value === 0 || value === '') return true;
  if (Array.isArray(value)) return value.length === 0;
  return typeof value === 'object' && Object.values(value).every(isZero);
}

function asRecord(value: unknown, option: string): Record<string, unknown> {
  if (value === null || value === undefined) return {};
  if (typeof value === 'object' && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new InvalidOptionError(`${option} must be an object`, { option });
}

function built(...names: string[]): Record<string, FieldRule> {
  return Object.fromEntries(names.flatMap((line) => line.split(' ')).map((name) => [name, 'built']));
}
