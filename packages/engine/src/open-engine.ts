import { chmodSync, mkdirSync } from 'node:fs';
import { hostname } from 'node:os';
import path from 'node:path';
import type { ContainerSummary } from '@gantry/api-types';
import { type Clock, type Logger, silentLogger, systemClock } from '@gantry/base';

import type { BuildService } from '@gantry/builder';

import type { BuildkitBackend, DiskBackend } from '@gantry/http-api';

import { fileSystemOf, tryLockFile } from '@gantry/kernel';
import { PluginDirectories } from '@gantry/plugins';
import { cgroupParentPath } from '@gantry/runtime';
import { type MetadataStore, openMetadataStore } from '@gantry/state';
import { AuthorizationPlugins } from './authorization/authorization-plugins.ts';
import { buildRecipe } from './build-recipe.ts';
import { BuildView } from './build-view.ts';
import { LateBuildkit } from './buildkit/late-buildkit.ts';
import { CacheCollector } from './disk/cache-collector.ts';
import { usualPolicies } from './disk/cache-policies.ts';
import { DiskService } from './disk/disk-service.ts';
import type { Engine } from './engine.ts';
import { type EngineFacts, readEngineFacts } from './engine-facts.ts';
import { defaultSearchPath, type EngineOptions } from './engine-options.ts';
import { DataRootLockedError } from './errors.ts';
import { ImageView } from './image-view.ts';
import type { EngineMetrics } from './metrics/engine-metrics.ts';
import { NetworkService } from './networks/network-service.ts';
import { type Execution, openExecution } from './open-execution.ts';
import { openStorage, type Storage } from './open-storage.ts';
import { RegistryView } from './registries/registry-view.ts';
import { runToEnd } from './run.ts';
import { defaultSettings, type EngineSettings, settingAttributes } from './settings/engine-settings.ts';
import { runtimeTable } from './settings/runtime-table.ts';
import { SystemService } from './system-service.ts';
import { VolumeView } from './volumes/volume-view.ts';

/** What every part of an engine is opened with. */
export interface Opening {
  options: EngineOptions;
  store: MetadataStore;
  /** The settings now in force. */
  settings: { current: EngineSettings };
  /** Whatever is opened is closed with it, last first. */
  opened: AsyncDisposableStack;
  logger: Logger;
  clock: Clock;
}

/**
 * Opens an engine on a data root and takes back the containers that an earlier one left running. Throws
 * `DataRootLockedError` when another engine has it open, `NewerStoreError` when a newer version wrote it, and what the
 * host lacks otherwise; what was opened until then is closed again.
 */
export async function openEngine(options: EngineOptions): Promise<Engine> {
  const { logger = silentLogger, clock = systemClock, dataRoot } = options;
  makeRoots(options);
  await using opened = new AsyncDisposableStack();
  const lock = tryLockFile(path.join(dataRoot, 'engine.lock'));
  if (lock === undefined) throw new DataRootLockedError(dataRoot);
  opened.use(lock);
  const store = opened.use(openMetadataStore({ path: path.join(dataRoot, 'metadata.db'), logger }));
  const settings = { current: { ...defaultSettings, ...options.settings } };
  const opening: Opening = { options, store, settings, opened, logger, clock };
  const storage = await openStorage(opening);
  const execution = await openExecution(opening, storage);
  await storage.images.repair();
  const engine = compose(opening, storage, execution);
  collectByThemselves(opening, { engine, execution });
  const owned = opened.move();
  return { ...engine, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** The build cache is collected after builds, by the rules that are in force by then. */
function collectByThemselves(
  { options, settings, opened, logger, clock }: Opening,
  { engine, execution }: { engine: Pick<Composed, 'disk'>; execution: Execution },
): void {
  const collect = async (): Promise<void> => {
    const { collection } = settings.current.builder;
    if (collection === undefined) return;
    const { policies, defaults } = collection;
    const sizeBytes = (): number => fileSystemOf(options.dataRoot).sizeBytes;
    await engine.disk.collectBuildCache(
      policies === 'usual' ? usualPolicies(defaults, sizeBytes()) : policies,
    );
  };
  const collector = opened.use(new CacheCollector({ collect, clock, logger }));
  execution.builds.onEnd = () => collector.request();
}

/** The data root lets nobody through: what containers need is reached by mounts (CVE-2021-41091). */
function makeRoots({ dataRoot, execRoot }: EngineOptions): void {
  makeRoot(dataRoot, 0o710);
  chmodSync(dataRoot, 0o710);
  makeRoot(execRoot, 0o755);
}

/** Asked for parents too, Node.js takes a read-only file system for a missing directory: ask again for the last alone. */
function makeRoot(directory: string, mode: number): void {
  try {
    mkdirSync(directory, { recursive: true, mode });
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
    mkdirSync(directory, { mode });
  }
}

function buildsOf({
  settings,
  execution,
  images,
}: Pick<Opening, 'settings'> & { execution: Execution; images: ImageView }): BuildView {
  return new BuildView({
    builds: execution.builds,
    images,
    events: execution.containers.events,
    cgroupSupport: execution.cgroupSupport,
    sharedMemoryBytes: () => settings.current.defaultShmSizeBytes,
  });
}

function recipeBuilder({
  builds,
  images,
  settings,
}: Pick<Opening, 'settings'> & { builds: BuildService; images: ImageView }): Engine['build'] {
  const sharedMemoryBytes = (): number => settings.current.defaultShmSizeBytes;
  return (recipe, options = {}) => buildRecipe({ builds, images, sharedMemoryBytes }, recipe, options);
}

/** What measures costs memory: it is loaded by those who measure. */
async function measured(
  parts: ConstructorParameters<typeof EngineMetrics>[0],
): ReturnType<Engine['measure']> {
  const { EngineMetrics: Metrics } = await import('./metrics/engine-metrics.ts');
  return new Metrics(parts);
}

/** BuildKit's protocol costs memory: it is loaded with the first client that speaks it. */
function buildkitOf(
  { settings, logger, store, clock }: Pick<Opening, 'settings' | 'logger' | 'store' | 'clock'>,
  {
    execution,
    images,
    engineId,
    prune,
  }: { execution: Execution; images: ImageView; engineId: string; prune: DiskBackend['pruneBuildCache'] },
): BuildkitBackend {
  return new LateBuildkit(async () => {
    const { BuildkitService } = await import('./buildkit/buildkit-service.ts');
    return new BuildkitService({
      builds: execution.builds,
      images,
      events: execution.containers.events,
      prune,
      store,
      clock,
      cgroupSupport: execution.cgroupSupport,
      sharedMemoryBytes: () => settings.current.defaultShmSizeBytes,
      worker: { engineId, hostname: hostname() },
      logger: logger.child({ component: 'buildkit' }),
    });
  });
}

function guardOf({ options, settings }: Pick<Opening, 'options' | 'settings'>): AuthorizationPlugins {
  return new AuthorizationPlugins({
    names: () => settings.current.authorizationPlugins,
    directories: new PluginDirectories(path.join(options.execRoot, 'plugins')),
  });
}

function reload(
  {
    options,
    settings,
    execution,
    engineId,
  }: Pick<Opening, 'options' | 'settings'> & {
    execution: Execution;
    engineId: string;
  },
  wanted: EngineSettings,
): void {
  const { runtime, containers, cgroupSupport } = execution;
  runtime.configure(runtimeTable(wanted, options.searchPath ?? defaultSearchPath));
  settings.current = wanted;
  const attributes = { name: hostname(), ...settingAttributes(wanted, cgroupSupport.version) };
  containers.events.publish({ type: 'daemon', action: 'reload', actorId: engineId, attributes });
}

type Composed = Omit<Engine, typeof Symbol.asyncDispose> & { disk: DiskService };

function compose(
  opening: Opening,
  { images, registries, volumes, snapshots }: Storage,
  execution: Execution,
): Composed {
  const { options, store, settings, clock, logger } = opening;
  const { containers, network, runtime, cgroupDriver, cgroupParent } = execution;
  const { service, execs, files, events } = containers;
  const allContainers = (): Promise<ContainerSummary[]> =>
    service.list({ all: true, size: false, filters: new Map() });
  const facts = readEngineFacts({ options, store, ...execution });
  const imageView = new ImageView(images, events);
  const volumeView = new VolumeView(volumes, events);
  const networks = new NetworkService({
    controller: network,
    containers: service,
    events,
    defaultOptions: options.network?.defaultNetworkOptions ?? {},
  });
  const system = systemOf(
    { facts, settings, clock },
    { images, volumes, runtime, containers, list: allContainers },
  );
  const composed: Composed = {
    containers: service,
    execs,
    files,
    images: imageView,
    builds: buildsOf({ settings, execution, images: imageView }),
    build: recipeBuilder({ builds: execution.builds, images: imageView, settings }),
    buildkit: buildkitOf(opening, {
      execution,
      images: imageView,
      engineId: facts.engineId,
      prune: (...args) => composed.disk.pruneBuildCache(...args),
    }),
    registries: new RegistryView(registries),
    networks,
    volumes: volumeView,
    disk: new DiskService({
      containers: service,
      images,
      snapshots,
      builds: execution.builds,
      volumes,
      volumeView,
      networks: { controller: network, service: networks },
      events,
      consistency: {
        dataRoot: options.dataRoot,
        containers: allContainers,
        damaged: containers.damaged,
        images,
        snapshots,
        runtime,
        volumes,
        network,
        builds: execution.builds,
        places: {
          dataRoot: options.dataRoot,
          execRoot: options.execRoot,
          cgroupParents: [cgroupParentPath(cgroupDriver, cgroupParent)],
        },
        clock,
      },
      dataRoot: options.dataRoot,
      clock,
      logger,
    }),
    system,
    measure: () => measured({ containers, network, info: () => system.info() }),
    guard: guardOf(opening),
    settings: () => settings.current,
    reload: (wanted) => reload({ options, settings, execution, engineId: facts.engineId }, wanted),
    stopContainers: (timeoutSeconds) => service.stopAll(timeoutSeconds),
    run: (image, args, runOptions = {}) => runToEnd(service, image, args, runOptions),
  };
  return composed;
}

function systemOf(
  { facts, settings, clock }: { facts: EngineFacts } & Pick<Opening, 'settings' | 'clock'>,
  sources: Pick<Storage, 'images' | 'volumes'> &
    Pick<Execution, 'runtime' | 'containers'> & { list: () => Promise<ContainerSummary[]> },
): SystemService {
  const { images, volumes, runtime, list } = sources;
  const { events } = sources.containers;
  return new SystemService(
    facts,
    {
      containerStates: async () => (await list()).map(({ State: state = '' }) => state),
      countImages: async () => (await images.list({ all: false, filters: new Map() })).length,
      events: (wanted) => events.events(wanted),
      countEventReaders: () => events.listenerCount,
      settings: () => settings.current,
      runtimes: () => runtime.table,
      volumeDrivers: () => volumes.driverNames(),
    },
    clock,
  );
}
