import { readdirSync } from 'node:fs';
import path from 'node:path';
import type { EventMessage, Filters, SystemInfo, SystemVersion } from '@gantry/api-types';
import { buildFacts, type Clock, gantryVersion } from '@gantry/base';
import { logDriverNames } from '@gantry/containers';
import { maxApiVersion, minApiVersion, type SystemBackend } from '@gantry/http-api';
import { listCdiDevices, type RuntimeTable } from '@gantry/runtime';
import { cgroupInfo } from './cgroup-info.ts';
import type { EngineFacts } from './engine-facts.ts';
import { readHostFacts } from './host-facts.ts';
import { infoWarnings } from './info-warnings.ts';
import { networkDriverNames } from './networks/network-drivers.ts';
import type { ProgramVersion } from './program-version.ts';
import { proxyInfo } from './proxy-info.ts';
import type { EngineSettings } from './settings/engine-settings.ts';
import { registryInfo } from './settings/registry-info.ts';

const unknownCommit = 'N/A';

/** What the system service counts and streams; the container and image services answer. */
export interface SystemSources {
  containerStates(): Promise<readonly string[]>;
  countImages(): Promise<number>;
  events(options: EventOptions): AsyncIterable<EventMessage>;
  countEventReaders(): number;
  settings(): EngineSettings;
  runtimes(): RuntimeTable;
  volumeDrivers(): readonly string[];
}

export type EventOptions = Parameters<SystemBackend['events']>[0] & { filters: Filters };

/** `docker version`, `docker info` and `docker events`. */
export class SystemService implements SystemBackend {
  readonly #facts: EngineFacts;
  readonly #sources: SystemSources;
  readonly #clock: Clock;

  constructor(facts: EngineFacts, sources: SystemSources, clock: Clock) {
    this.#facts = facts;
    this.#sources = sources;
    this.#clock = clock;
  }

  version(): Promise<SystemVersion> {
    const host = readHostFacts();
    const build = buildFacts();
    const details = {
      ApiVersion: maxApiVersion,
      Arch: host.architecture,
      Experimental: 'false',
      KernelVersion: host.kernelVersion,
      MinAPIVersion: minApiVersion,
      NodeVersion: process.version,
      Os: 'linux',
      ...build,
    };
    return Promise.resolve({
      Platform: { Name: 'Gantry' },
      Version: gantryVersion,
      ApiVersion: maxApiVersion,
      MinAPIVersion: minApiVersion,
      Os: 'linux',
      Arch: host.architecture,
      KernelVersion: host.kernelVersion,
      Experimental: false,
      ...build,
      Components: [{ Name: 'Engine', Version: gantryVersion, Details: details }, ...this.#programs()],
    });
  }

  async info(): Promise<SystemInfo> {
    const states = await this.#sources.containerStates();
    const running = states.filter((state) => state === 'running' || state === 'restarting').length;
    const paused = states.filter((state) => state === 'paused').length;
    return {
      ...this.#hostInfo(),
      ...this.#engineInfo(),
      Containers: states.length,
      ContainersRunning: running,
      ContainersPaused: paused,
      ContainersStopped: states.length - running - paused,
      Images: await this.#sources.countImages(),
      SystemTime: this.#clock.now().toISOString(),
      NEventsListener: this.#sources.countEventReaders(),
      ...(await this.#deviceInfo()),
      Warnings: infoWarnings(this.#facts),
    };
  }

  events(options: EventOptions): AsyncIterable<EventMessage> {
    return this.#sources.events(options);
  }

  /** What the engine runs beside itself, as `docker version` lists it. */
  #programs(): NonNullable<SystemVersion['Components']> {
    const component = (
      name: string,
      { version, commit }: ProgramVersion,
    ): NonNullable<SystemVersion['Components']>[number] => ({
      Name: name,
      Version: version,
      Details: commit === '' ? {} : { GitCommit: commit },
    });
    const init = this.#facts.initVersion();
    return [
      component(this.#sources.runtimes().defaultName, this.#facts.runtimeVersion()),
      ...(init === undefined ? [] : [component(path.basename(this.#facts.initBinary), init)]),
    ];
  }

  async #deviceInfo(): Promise<SystemInfo> {
    const { cdiSpecDirs } = this.#facts;
    const names = await listCdiDevices(cdiSpecDirs);
    return {
      CDISpecDirs: [...cdiSpecDirs],
      DiscoveredDevices: names.map((name) => ({ Source: 'cdi', ID: name })),
    };
  }

  #hostInfo(): SystemInfo {
    const host = readHostFacts();
    return {
      Name: host.hostname,
      KernelVersion: host.kernelVersion,
      OperatingSystem: host.operatingSystem,
      OSVersion: host.osVersion,
      OSType: 'linux',
      Architecture: host.machine,
      NCPU: host.cpus,
      MemTotal: host.memoryBytes,
      ...cgroupInfo(this.#facts.cgroupDriver, this.#facts.cgroupSupport),
      IPv4Forwarding: this.#facts.ipv4Forwarding(),
      SecurityOptions: [...this.#facts.securityOptions],
    };
  }

  #engineInfo(): SystemInfo {
    const settings = this.#sources.settings();
    const { runtimes, defaultName } = this.#sources.runtimes();
    const pools = this.#facts.addressPools.map(({ base, size }) => ({ Base: base, Size: size }));
    return {
      ID: this.#facts.engineId,
      ServerVersion: gantryVersion,
      Driver: 'overlay2',
      DriverStatus: storageStatus(this.#facts),
      DockerRootDir: this.#facts.dataRoot,
      Plugins: {
        Volume: [...this.#sources.volumeDrivers()],
        Network: networkDriverNames(),
        Authorization: [...settings.authorizationPlugins],
        Log: logDriverNames.filter((name) => name !== 'none'),
      },
      LoggingDriver: this.#facts.loggingDriver,
      ...(pools.length > 0 && { DefaultAddressPools: pools }),
      Runtimes: Object.fromEntries(
        Object.entries(runtimes).map(([name, { path, args = [] }]) => [
          name,
          { path, ...(args.length > 0 && { runtimeArgs: [...args] }) },
        ]),
      ),
      DefaultRuntime: defaultName,
      InitBinary: this.#facts.initBinary,
      // As dockerd says of a program that it cannot ask: there is no containerd.
      ContainerdCommit: { ID: unknownCommit },
      RuncCommit: { ID: this.#facts.runtimeVersion().commit || unknownCommit },
      InitCommit: { ID: this.#facts.initVersion()?.commit || unknownCommit },
      LiveRestoreEnabled: settings.liveRestore,
      ExperimentalBuild: false,
      Debug: settings.debug,
      NFd: readdirSync('/proc/self/fd').length,
      Swarm: { LocalNodeState: 'inactive', ControlAvailable: false, NodeID: '', NodeAddr: '', Error: '' },
      Labels: [...settings.labels],
      IndexServerAddress: 'https://index.docker.io/v1/',
      GenericResources: [],
      RegistryConfig: registryInfo(settings),
      ...proxyInfo(this.#facts.proxyEnvironment),
      FirewallBackend: { Driver: 'nftables', Info: [] },
      Isolation: '',
    };
  }
}

/** What is said of the storage driver, in Docker's words where it says the same. */
function storageStatus({ backingFileSystem, hasProjectQuotas }: EngineFacts): [string, string][] {
  return [
    ['Backing Filesystem', backingFileSystem],
    ['Using metacopy', 'false'],
    ['userxattr', 'false'],
    ['Project Quotas', String(hasProjectQuotas)],
  ];
}
