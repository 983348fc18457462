import type { Clock, KeyedLock, Logger, Semaphore } from '@gantry/base';
import type { ImageStore } from '@gantry/images';
import type { CgroupSupport, IdMaps } from '@gantry/kernel';
import type { DnsRequest, NetworkController } from '@gantry/network';
import type { RuntimeSpec } from '@gantry/oci';
import type {
  CgroupDriver,
  ContainerEdits,
  ContainerRuntime,
  DeviceWish,
  SpecOptions,
} from '@gantry/runtime';
import type { Snapshotter } from '@gantry/snapshots';
import type { VolumeStore } from '@gantry/volumes';
import type { NamespaceDefaults } from './create/options/namespace-modes.ts';
import type { SecurityDefaults } from './create/options/security.ts';
import type { ResourceLimit } from './create/options/ulimits.ts';
import type { EventHub } from './events/event-hub.ts';
import type { ExecRegistry } from './exec/exec-registry.ts';
import type { HealthStore } from './health/health-store.ts';
import type { LogConfig } from './logs/settings/log-config.ts';
import type { ContainerDirectories } from './state/container-directories.ts';
import type { ContainerRegistry } from './state/container-registry.ts';
import type { UserRanges } from './state/user-ranges.ts';

/** The lower layers, as far as containers use them. */
export interface ContainerPorts {
  images: Pick<ImageStore, 'resolve' | 'commit'>;
  snapshots: Pick<
    Snapshotter,
    'create' | 'mount' | 'unmount' | 'remove' | 'list' | 'usage' | 'layer' | 'changes' | 'packChanges'
  >;
  runtime: ContainerRuntime;
  network: NetworkController;
  volumes: Pick<
    VolumeStore,
    | 'create'
    | 'get'
    | 'list'
    | 'acquire'
    | 'release'
    | 'mount'
    | 'unmount'
    | 'keepMounts'
    | 'copyUp'
    | 'remove'
  >;
  /** What devices by specification files ask of a container: `findContainerEdits` of the runtime package. */
  findContainerEdits: (wishes: readonly DeviceWish[]) => Promise<ContainerEdits | undefined>;
  /** Docker's defaults around the options: `buildSpec` of the runtime package. */
  buildSpec: (options: SpecOptions) => RuntimeSpec;
}

/** What is the same for all containers of an engine. */
export interface ContainerDefaults {
  /** As `inspect` shows it: `overlay2`. */
  storageDriver: string;
  /** Parent cgroup, below which each container gets one named by its id. */
  cgroupParent: string;
  cgroupDriver: CgroupDriver;
  /** What this machine's kernel can limit. */
  cgroupSupport: CgroupSupport;
  /** Users that containers get. */
  users: UserDefaults;
  /** Security modules of the host's kernel, and how containers are confined that do not say otherwise. */
  security: SecurityDefaults;
  /** Of containers that do not say otherwise, at each start. */
  ulimits: readonly ResourceLimit[];
  /** What a new container gets that does not say otherwise; asked at each creation. */
  creation: () => CreationDefaults;
  init: InitDefaults;
  /** Log driver and options of containers that ask for nothing else. */
  logConfig: LogConfig;
  /** `-e`-like entries of the machine, names and values; none by default. */
  hostFiles: HostFiles;
  /** Name servers and the like of containers that ask for none. */
  dns: DnsRequest;
  /** What `host-gateway` stands for; empty for the host's addresses on the default bridge. */
  hostGatewayAddresses: readonly string[];
}

/** A container keeps them for good. */
export interface CreationDefaults extends NamespaceDefaults {
  shmSizeBytes: number;
}

/** The program of `--init` on this host, or why there is none. */
export type InitProgram = { path: string } | { problem: string };

export interface InitDefaults {
  program: InitProgram;
  /** Containers that do not say otherwise have one. */
  always: boolean;
}

/** Where the users of containers come from, beside the host's own. */
export interface UserDefaults {
  /** Of containers that do not say otherwise: the daemon's remapping. The host's users when missing. */
  remap?: IdMaps;
  /** Host ids that containers with users of their own alone (`--userns auto`) are given ranges of. */
  pool: { uids: IdPool; gids: IdPool };
}

export interface IdPool {
  first: number;
  count: number;
}

/** Files of the host that containers' own are made from. */
export interface HostFiles {
  resolvConf: string;
  /** Where systemd-resolved keeps the servers behind its stub. */
  resolvedConf: string;
  hosts: string;
}

/** Health checks since the engine opened. */
export interface ProbeCounts {
  total: number;
  failed: number;
}

/** What every operation on containers works with. */
export interface ContainerEnvironment {
  ports: ContainerPorts;
  defaults: ContainerDefaults;
  registry: ContainerRegistry;
  execs: ExecRegistry;
  health: HealthStore;
  probes: ProbeCounts;
  directories: ContainerDirectories;
  userRanges: UserRanges;
  /** By container id. Held for the steps of a change, never while a process is waited for. */
  locks: KeyedLock;
  events: EventHub;
  /** Bounds how many file systems are unmounted at once. */
  unmounts: Semaphore;
  clock: Clock;
  logger: Logger;
  /** Aborts when the engine closes: what waits in the background stops. */
  closing: AbortSignal;
  /** Aborts when all containers are ended with their engine: restart policies wait for the next one. */
  retirement: AbortController;
}
