import type { HostConfig } from '@gantry/api-types';
import type { InitProgram } from '../environment.ts';
import { InvalidOptionError } from '../errors.ts';
import { completeLogConfig, type LogConfig } from '../logs/settings/log-config.ts';
import type { CheckedResources } from '../resources/check-resources.ts';
import { oomScoreAdjustment } from '../resources/container-limits.ts';
import { resourceDefaults, shmSize } from '../resources/resource-defaults.ts';
import { containerCapabilities } from './options/capabilities.ts';
import { deviceCgroupRules, deviceWishes, requestedDevices } from './options/devices.ts';
import { checkDns, parseExtraHosts } from './options/extra-hosts.ts';
import { checkInit } from './options/init.ts';

import { type NamespaceContext, namespaceModes } from './options/namespace-modes.ts';
import { restartPolicy } from './options/restart-policy.ts';
import { type SecurityDefaults, securitySettings, shownPaths } from './options/security.ts';
import { containerSysctls } from './options/sysctls.ts';
import { timeOffsets } from './options/time-offsets.ts';
import { resourceLimits } from './options/ulimits.ts';

export interface HostConfigContext extends NamespaceContext {
  /** As `inspect` shows it. */
  networkMode: string;
  /** Name of the OCI runtime that containers run with unless they ask for another. */
  runtimeName: string;
  hasRuntime: (name: string) => boolean;
  init: InitProgram;
  /** The engine's default. */
  logConfig: LogConfig;
  /** The limits among the options, checked. */
  checked: CheckedResources;
  security: SecurityDefaults;
  /** Bytes of /dev/shm unless asked otherwise. */
  shmSizeBytes: number;
}

/**
 * Docker's HostConfig of a container: the request's, checked, with all defaults filled in, as `inspect` shows it. What is
 * not built was refused before. Throws `InvalidOptionError` with Docker's words.
 */
export function completeHostConfig(given: HostConfig, context: HostConfigContext): HostConfig {
  check(given, context);
  return {
    ...zeroValues(),
    ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== null && value !== undefined)),
    ...resourceDefaults(context.checked),
    ShmSize: shmSize(given, context.shmSizeBytes),
    OomScoreAdj: oomScoreAdjustment(given),
    NetworkMode: context.networkMode,
    LogConfig: completeLogConfig(given.LogConfig, context.logConfig),
    RestartPolicy: restartPolicy(given),
    ConsoleSize: consoleSize(given.ConsoleSize),
    Runtime: given.Runtime === undefined || given.Runtime === '' ? context.runtimeName : given.Runtime,
    ...namespaceModes(given, context),
    ...shownPaths(given),
  };
}

function check(given: HostConfig, { hasRuntime, init, security }: HostConfigContext): void {
  containerCapabilities({ add: given.CapAdd ?? [], drop: given.CapDrop ?? [], privileged: false });
  parseExtraHosts(given.ExtraHosts ?? []);
  checkDns(given);
  securitySettings(given, security);
  containerSysctls(given);
  requestedDevices(given);
  deviceCgroupRules(given);
  deviceWishes(given);
  timeOffsets(given);
  resourceLimits(given.Ulimits);
  const runtime = given.Runtime ?? '';
  if (runtime !== '' && !hasRuntime(runtime)) {
    throw new InvalidOptionError(`unknown or invalid runtime name: ${runtime}`, {
      option: 'HostConfig.Runtime',
    });
  }
  checkInit(given, init);
}

function consoleSize(size: HostConfig['ConsoleSize']): [number, number] {
  const [rows = 0, columns = 0] = size ?? [];
  const sound = [rows, columns].every((length) => Number.isInteger(length) && length >= 0 && length < 65_536);
  if (!sound) throw new InvalidOptionError(`invalid console size: ${rows}x${columns}`);
  return [rows, columns];
}

/** What Docker shows for a field that was not given. */
function zeroValues(): HostConfig {
  return {
    Binds: [],
    ContainerIDFile: '',
    PortBindings: {},
    AutoRemove: false,
    VolumeDriver: '',
    VolumesFrom: [],
    CapAdd: [],
    CapDrop: [],
    Dns: [],
    DnsOptions: [],
    DnsSearch: [],
    ExtraHosts: [],
    GroupAdd: [],
    Cgroup: '',
    Links: [],
    OomScoreAdj: 0,
    PidMode: '',
    Privileged: false,
    PublishAllPorts: false,
    ReadonlyRootfs: false,
    SecurityOpt: [],
    UTSMode: '',
    UsernsMode: '',
    Isolation: '',
    CgroupParent: '',
    Ulimits: [],
  };
}
