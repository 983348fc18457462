import { type Containers, checkLogConfig, openContainers } from '@gantry/containers';
import { type CgroupSupport, detectCgroups, readCgroupSupport } from '@gantry/kernel';
import { type NetworkController, openNetworkController } from '@gantry/network';
import {
  buildSpec,
  type CgroupDriver,
  findContainerEdits,
  openRuntime,
  openRuntimes,
  type RuntimeSet,
  readSpecHost,
} from '@gantry/runtime';
import { chosenCgroupDriver, defaultCgroupParent } from './cgroup-driver.ts';
import { findProgram } from './doctor/program-checks.ts';
import { defaultCdiSpecDirs, defaultSearchPath } from './engine-options.ts';
import { readHostSecurity } from './host-security.ts';
import type { Opening } from './open-engine.ts';
import type { Storage } from './open-storage.ts';
import { defaultSettings } from './settings/engine-settings.ts';
import { runtimeTable } from './settings/runtime-table.ts';

/** Of the init programs that distributions package, in order of preference: the first is linked statically. */
const initPrograms = ['catatonit', 'tini-static', 'docker-init', 'tini'];

const hostFiles = {
  resolvConf: '/etc/resolv.conf',
  resolvedConf: '/run/systemd/resolve/resolv.conf',
  hosts: '/etc/hosts',
};

/** What runs containers. */
export interface Execution {
  containers: Containers;
  network: NetworkController;
  runtime: RuntimeSet;
  /** Init program for `--init`. */
  initPath: string | undefined;
  cgroupDriver: CgroupDriver;
  cgroupSupport: CgroupSupport;
}

export async function openExecution(opening: Opening, storage: Storage): Promise<Execution> {
  const { options, store, opened, logger, clock } = opening;
  const { bridge, bip } = options;
  const searchPath = options.searchPath ?? defaultSearchPath;
  const cgroupDriver = chosenCgroupDriver(options.cgroupDriver);
  const cgroupParent = options.cgroupParent ?? defaultCgroupParent[cgroupDriver];
  const common = { execRoot: options.execRoot, logger, clock };
  const network = opened.use(
    await openNetworkController({
      ...common,
      store,
      ...(bridge === undefined ? {} : { bridge }),
      ...(bip === undefined ? {} : { bip }),
    }),
  );
  const runtime = opened.use(
    openRuntimes({
      ...common,
      ...runtimeTable({ ...defaultSettings, ...options.settings }, searchPath),
      open: ({ path: name, args = [] }, execRoot) =>
        openRuntime({ ...common, execRoot, cgroupDriver, name, args }),
    }),
  );
  const layout = detectCgroups();
  const cgroupSupport = readCgroupSupport(layout);
  const host = readSpecHost({ cgroupVersion: layout.version, cgroupDriver });
  const { cdiSpecDirs = defaultCdiSpecDirs } = options;
  const initPath = findInit(searchPath);
  const logConfig = checkLogConfig(options.logDriver ?? 'json-file', options.logOptions ?? {});
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
        security: readHostSecurity(),
        initPath,
        logConfig,
        hostFiles,
        dns: options.network?.dns ?? {},
        hostGatewayAddresses: options.network?.hostGatewayAddresses ?? [],
      },
    }),
  );
  storage.users.containers = containers;
  return { containers, network, runtime, initPath, cgroupDriver, cgroupSupport };
}

function findInit(searchPath: string): string | undefined {
  return initPrograms.map((program) => findProgram(program, searchPath)).find((found) => found !== undefined);
}
