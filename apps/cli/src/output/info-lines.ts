import type { SystemInfo } from '@gantry/api-types';
import { formatBinarySize } from '@gantry/terminal';

/** What `gantry info` prints about the engine, in Docker's layout. A field that the engine does not tell has no line. */
export function infoLines(info: SystemInfo): string[] {
  return [
    ` Containers: ${info.Containers ?? 0}`,
    `  Running: ${info.ContainersRunning ?? 0}`,
    `  Paused: ${info.ContainersPaused ?? 0}`,
    `  Stopped: ${info.ContainersStopped ?? 0}`,
    ` Images: ${info.Images ?? 0}`,
    ...line('Server Version', info.ServerVersion),
    ...line('Storage Driver', info.Driver),
    ...(info.DriverStatus ?? []).map(([name, value]) => `  ${name}: ${value}`),
    ...line('Logging Driver', info.LoggingDriver),
    ...line('Cgroup Driver', info.CgroupDriver),
    ...line('Cgroup Version', info.CgroupVersion),
    ...pluginLines(info),
    ...listed('CDI spec directories', info.CDISpecDirs),
    ...line('Swarm', info.Swarm?.LocalNodeState),
    ...runtimeLines(info),
    ...securityLines(info.SecurityOptions ?? []),
    ...line('Kernel Version', info.KernelVersion),
    ...line('Operating System', info.OperatingSystem),
    ...line('OSType', info.OSType),
    ...line('Architecture', info.Architecture),
    ` CPUs: ${info.NCPU ?? 0}`,
    ` Total Memory: ${formatBinarySize(info.MemTotal ?? 0)}`,
    ...line('Name', info.Name),
    ...line('ID', info.ID),
    ...line('Docker Root Dir', info.DockerRootDir),
    ` Debug Mode: ${info.Debug ?? false}`,
    ...debugLines(info),
    ...settingLines(info),
  ];
}

function line(name: string, value: string | undefined): string[] {
  return value ? [` ${name}: ${value}`] : [];
}

function listed(name: string, values: readonly string[] | undefined, indent: string = '  '): string[] {
  return values && values.length > 0 ? [` ${name}:`, ...values.map((value) => indent + value)] : [];
}

function pluginLines({ Plugins }: SystemInfo): string[] {
  if (Plugins === undefined) return [];
  const kinds = ['Volume', 'Network', 'Authorization', 'Log'] as const;
  const rows = kinds.flatMap((kind) => {
    const names = Plugins[kind] ?? [];
    return names.length > 0 ? [`  ${kind}: ${names.join(' ')}`] : [];
  });
  return [' Plugins:', ...rows];
}

function runtimeLines(info: SystemInfo): string[] {
  return [
    ...line('Runtimes', Object.keys(info.Runtimes ?? {}).join(' ')),
    ...line('Default Runtime', info.DefaultRuntime),
    ...line('Init Binary', info.InitBinary),
    ...line('containerd version', info.ContainerdCommit?.ID),
    ...line('runc version', info.RuncCommit?.ID),
    ...line('init version', info.InitCommit?.ID),
  ];
}

/** What only who looks for a fault in the engine asks. */
function debugLines({ Debug, NFd, NGoroutines, SystemTime, NEventsListener }: SystemInfo): string[] {
  if (!Debug) return [];
  return [
    `  File Descriptors: ${NFd ?? 0}`,
    `  Goroutines: ${NGoroutines ?? 0}`,
    `  System Time: ${SystemTime ?? ''}`,
    `  EventsListeners: ${NEventsListener ?? 0}`,
  ];
}

/** `name=seccomp,profile=builtin` is two lines. */
function securityLines(options: readonly string[]): string[] {
  const rows = options.flatMap((option) =>
    option.split(',').map((part) => {
      const [key = '', value = ''] = part.split('=');
      return key === 'name' ? `  ${value}` : `   ${key.charAt(0).toUpperCase()}${key.slice(1)}: ${value}`;
    }),
  );
  return rows.length > 0 ? [' Security Options:', ...rows] : [];
}

function settingLines(info: SystemInfo): string[] {
  const pools = (info.DefaultAddressPools ?? []).map(({ Base, Size }) => `Base: ${Base}, Size: ${Size}`);
  return [
    ...line('HTTP Proxy', info.HttpProxy),
    ...line('HTTPS Proxy', info.HttpsProxy),
    ...line('No Proxy', info.NoProxy),
    ...listed('Labels', info.Labels),
    ` Experimental: ${info.ExperimentalBuild ?? false}`,
    ...listed('Insecure Registries', info.RegistryConfig?.InsecureRegistryCIDRs),
    ...listed('Registry Mirrors', info.RegistryConfig?.Mirrors),
    ` Live Restore Enabled: ${info.LiveRestoreEnabled ?? false}`,
    ...listed('Default Address Pools', pools, '   '),
    ...line('Firewall Backend', info.FirewallBackend?.Driver),
  ];
}
