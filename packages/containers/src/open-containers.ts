import path from 'node:path';
import { type Clock, KeyedLock, type Logger, Semaphore } from '@gantry/base';
import type { MetadataStore } from '@gantry/state';
import { ContainerService } from './container-service.ts';
import type { ContainerDefaults, ContainerEnvironment, ContainerPorts, ProbeCounts } from './environment.ts';
import { EventFile } from './events/event-file.ts';
import { EventHub } from './events/event-hub.ts';
import { ExecRegistry } from './exec/exec-registry.ts';
import { ExecService } from './exec/exec-service.ts';
import { ContainerFiles } from './files/container-files.ts';
import { HealthStore } from './health/health-store.ts';
import { type DamagedContainer, restoreContainers } from './restore/restore-containers.ts';
import { ContainerDirectories } from './state/container-directories.ts';
import { ContainerRegistry } from './state/container-registry.ts';
import { UserRanges } from './state/user-ranges.ts';

/** An unmount may sync a whole file system; two leave threads for the logs. */
const unmountsAtOnce = 2;

export interface ContainersOptions {
  /** Containers live in `<dataRoot>/containers`. */
  dataRoot: string;
  ports: ContainerPorts;
  store: MetadataStore;
  clock: Clock;
  logger: Logger;
  defaults: ContainerDefaults;
  /** The hub of the whole engine, when others publish into it too. */
  events?: EventHub;
}

/** The containers of an engine, open. */
export interface Containers extends AsyncDisposable {
  readonly service: ContainerService;
  readonly execs: ExecService;
  readonly files: ContainerFiles;
  readonly events: EventHub;
  readonly probes: Readonly<ProbeCounts>;
  /** What the start-up pass could not take in. */
  readonly damaged: readonly DamagedContainer[];
}

/**
 * Opens the containers of a data root: what an earlier engine left running is taken back before this resolves. Disposing
 * stores what was output so far and lets go; the containers run on.
 */
export async function openContainers(options: ContainersOptions): Promise<Containers> {
  const closing = new AbortController();
  const environment = makeEnvironment(options, closing.signal);
  const damaged = await restoreContainers(environment);
  return {
    service: new ContainerService(environment),
    execs: new ExecService(environment),
    files: new ContainerFiles(environment),
    events: environment.events,
    probes: environment.probes,
    damaged,
    async [Symbol.asyncDispose](): Promise<void> {
      closing.abort();
      for (const { plannedUnmount } of environment.registry.list()) plannedUnmount?.hurry();
      await Promise.all(
        environment.registry.list().map(async ({ run, releasing, log }) => {
          await run?.pumped;
          await log.closeSink();
          await releasing;
        }),
      );
      environment.registry.flush();
      environment.events.close();
      await environment.directories[Symbol.asyncDispose]();
    },
  };
}

function makeEnvironment(options: ContainersOptions, closing: AbortSignal): ContainerEnvironment {
  const { clock, store, ports, defaults } = options;
  const logger = options.logger.child({ component: 'containers' });
  const directories = new ContainerDirectories(options.dataRoot, logger);
  const registry = new ContainerRegistry({ store, directories, clock, logger });
  return {
    ports,
    defaults,
    registry,
    userRanges: new UserRanges(registry, defaults.users.pool),
    execs: new ExecRegistry(store),
    health: new HealthStore(store),
    probes: { total: 0, failed: 0 },
    directories,
    locks: new KeyedLock(),
    unmounts: new Semaphore(unmountsAtOnce),
    events: options.events ?? new EventHub(clock, eventFile(options)),
    clock,
    logger,
    closing,
    retirement: new AbortController(),
  };
}

function eventFile({ dataRoot, logger }: ContainersOptions): EventFile {
  const component = logger.child({ component: 'events' });
  return new EventFile({ directory: path.join(dataRoot, 'events'), logger: component });
}
