import path from 'node:path';
import { type BuilderDefaults, type BuilderPorts, BuildService } from '@gantry/builder';
import {
  type Containers,
  type CreationDefaults,
  checkLogConfig,
  type InitProgram,
  openContainers,
  resourceLimits,
} from '@gantry/containers';
import { type CgroupSupport, detectCgroups, type RealtimeShare, readCgroupSupport } from '@gantry/kernel';
import {
  type NetworkController,
  type NetworkControllerOptions,
  openNetworkController,
} from '@gantry/network';
import {
  buildSpec,
  type CgroupDriver,
  findContainerEdits,
  openRuntime,
  openRuntimes,
  type RuntimeSet,
  readSpecHost,
} from '@gantry/runtime';
import { checkedRealtime, chosenCgroupDriver, defaultCgroupParent } from './cgroup-driver.ts';
import { defaultCdiSpecDirs, defaultSearchPath, type EngineNetworkOptions } from './engine-options.ts';
import { readSecurityDefaults } from './host-security.ts';
import { findInitProgram } from './init-program.ts';
import type { Opening } from './open-engine.ts';
import type { Storage } from './open-storage.ts';
import { defaultSettings, type EngineSettings } from './settings/engine-settings.ts';
import { runtimeTable } from './settings/runtime-table.ts';
import { userDefaults } from './users/user-defaults.ts';

const hostFiles = {
  resolvConf: '/etc/resolv.conf',
  resolvedConf: '/run/systemd/resolve/resolv.conf',
  hosts: '/etc/hosts',
};

/** What runs containers. */
export interface Execution {
  containers: Containers;
  builds: BuildService;
  network: NetworkController;
  runtime: RuntimeSet;
  initProgram: InitProgram;
  cgroupDriver: CgroupDriver;
  /** Where the cgroups of containers are that ask for no place. */
  cgroupParent: string;
  cgroupSupport: CgroupSupport;
  /** Containers have other users than the host unless they say otherwise. */
  remapsUsers: boolean;
}

export async function openExecution(opening: Opening, storage: Storage): Promise<Execution> {
  const { options, store, opened, logger, clock } = opening;
  const searchPath = options.searchPath ?? defaultSearchPath;
  const cgroupDriver = chosenCgroupDriver(options.cgroupDriver);
  const cgroupParent = options.cgroupParent ?? defaultCgroupParent[cgroupDriver];
  const network = opened.use(await openNetwork(opening));
  const layout = detectCgroups();
  const cgroupSupport = readCgroupSupport(layout);
  const realtime = checkedRealtime(options.realtime, cgroupSupport);
  const runtime = opened.use(openRuntimeTable(opening, { cgroupDriver, realtime }));
  const host = readSpecHost({ cgroupVersion: layout.version, cgroupDriver });
  const { cdiSpecDirs = defaultCdiSpecDirs } = options;
  const initProgram = findInitProgram(searchPath, options.initPath);
  const logConfig = checkLogConfig(options.logDriver ?? 'json-file', options.logOptions ?? {});
  const users = userDefaults(options.usernsRemap ?? '', searchPath, logger);
  const { images, snapshots, volumes } = storage;
  const containers = opened.use(
    await openContainers({
      dataRoot: options.dataRoot,
      ports: {
        images,
        snapshots,
        volumes,
        network,
        runtime,
        buildSpec: (spec) => buildSpec(spec, host),
        findContainerEdits: (wishes) => findContainerEdits(wishes, { directories: cdiSpecDirs, logger }),
      },
      store,
      clock,
      logger,
      defaults: {
        storageDriver: 'overlay2',
        cgroupParent,
        cgroupDriver,
        cgroupSupport,
        users,
        security: readSecurityDefaults(options),
        ulimits: resourceLimits(options.ulimits),
        creation: () => creationDefaults(opening.settings.current),
        init: { program: initProgram, always: options.init ?? false },
        logConfig,
        hostFiles,
        dns: options.network?.dns ?? {},
        hostGatewayAddresses: options.network?.hostGatewayAddresses ?? [],
      },
    }),
  );
  storage.users.containers = containers;
  const builds = await openBuilds(opening, storage, {
    network,
    runtime,
    buildSpec: (spec) => buildSpec(spec, host),
    findContainerEdits: (wishes) => findContainerEdits(wishes, { directories: cdiSpecDirs, logger }),
    defaults: {
      cgroupParent,
      cgroupVersion: layout.version,
      security: readSecurityDefaults(options),
      hostFiles,
      dns: options.network?.dns ?? {},
      hostGatewayAddresses: options.network?.hostGatewayAddresses ?? [],
      entitlements: () => opening.settings.current.builder.entitlements,
      ...(users.remap && { userMaps: users.remap }),
    },
  });
  storage.users.builds = builds;
  const remapsUsers = users.remap !== undefined;
  return {
    containers,
    builds,
    network,
    runtime,
    initProgram,
    cgroupDriver,
    cgroupParent,
    cgroupSupport,
    remapsUsers,
  };
}

function openNetwork({
  options,
  store,
  logger,
  clock,
}: Opening): Promise<NetworkController & AsyncDisposable> {
  const { execRoot, bridge, bip } = options;
  return openNetworkController({
    execRoot,
    logger,
    clock,
    store,
    ...(bridge === undefined ? {} : { bridge }),
    ...(bip === undefined ? {} : { bip }),
    ...controllerOptions(options.network),
  });
}

function openRuntimeTable(
  { options, logger, clock }: Opening,
  cgroups: { cgroupDriver: CgroupDriver; realtime: RealtimeShare | undefined },
): RuntimeSet {
  const common = { execRoot: options.execRoot, logger, clock };
  return openRuntimes({
    ...common,
    ...runtimeTable({ ...defaultSettings, ...options.settings }, options.searchPath ?? defaultSearchPath),
    open: ({ path: name, args = [] }, execRoot) =>
      openRuntime({ ...common, ...cgroups, execRoot, name, args }),
  });
}

type BuildParts = Pick<BuilderPorts, 'network' | 'runtime' | 'buildSpec' | 'findContainerEdits'> & {
  defaults: BuilderDefaults;
};

function openBuilds(
  { options, store, clock, logger }: Opening,
  { images, registries, snapshots, content }: Storage,
  { defaults, ...ports }: BuildParts,
): Promise<BuildService> {
  const directory = path.join(options.dataRoot, 'builder');
  return BuildService.open({
    ports: { images, composer: images.composer, registries, snapshots, content, ...ports },
    defaults,
    store,
    directory,
    clock,
    logger,
  });
}

function creationDefaults(settings: EngineSettings): CreationDefaults {
  const { defaultShmSizeBytes, defaultIpcMode, defaultCgroupnsMode } = settings;
  return {
    shmSizeBytes: defaultShmSizeBytes,
    ipcMode: defaultIpcMode,
    ...(defaultCgroupnsMode !== '' && { cgroupnsMode: defaultCgroupnsMode }),
  };
}

function controllerOptions({
  addressPools,
  hostBindingAddress,
  publishPolicy,
  allowDirectRouting,
  acceptMark,
  packetFilter,
  forwardPackets,
  defaultBridge,
}: EngineNetworkOptions = {}): Partial<NetworkControllerOptions> {
  return {
    ...(addressPools && { defaultAddressPools: addressPools }),
    ...(hostBindingAddress !== undefined && { hostBindingAddress }),
    ...(publishPolicy !== undefined && { publishPolicy }),
    ...(allowDirectRouting !== undefined && { allowDirectRouting }),
    ...(acceptMark && { acceptMark }),
    ...(packetFilter !== undefined && { packetFilter }),
    ...(forwardPackets !== undefined && { forwardPackets }),
    ...(defaultBridge && { defaultBridge }),
  };
}
