import type {
  AttachOptions,
  ContainerCreateRequest,
  ContainerCreateResponse,
  ContainerInspectResponse,
  ContainerStatsResponse,
  ContainerSummary,
  ContainerTopResponse,
  ContainerUpdateRequest,
  ContainerUpdateResponse,
  ContainerWaitResponse,
  EndpointSettings,
  Filters,
  LogOptions,
} from '@gantry/api-types';
import { errorKind } from '@gantry/base';
import type { ImageUsage, ImageUser } from '@gantry/images';
import type { Digest } from '@gantry/oci';
import { attachToContainer } from './attach/attach-container.ts';
import type { AttachSession } from './attach/attach-session.ts';
import type { FrameRun, OutputFrame } from './attach/output-frame.ts';
import { type CreateOptions, createContainer } from './create/create-container.ts';
import type { ContainerEnvironment } from './environment.ts';
import { ContainerNotFoundError, InvalidOptionError, LogNotReadableError } from './errors.ts';
import { publishContainerEvent } from './events/container-events.ts';
import { inspectContainer } from './inspect/inspect-container.ts';
import type { WaitCondition } from './lifecycle/exit-waiters.ts';
import { killContainer, killFailure } from './lifecycle/kill-container.ts';
import { pauseContainer, unpauseContainer } from './lifecycle/pause-container.ts';
import { removeContainer } from './lifecycle/remove-container.ts';
import { type RemoveOptions, requestRemoval } from './lifecycle/remove-request.ts';
import { renameContainer } from './lifecycle/rename-container.ts';
import { type ConsoleSize, resizeContainer } from './lifecycle/resize-container.ts';
import { checkStartable, startContainer } from './lifecycle/start-container.ts';
import { stopAll } from './lifecycle/stop-all.ts';
import { type StopOptions, stopContainer } from './lifecycle/stop-container.ts';
import { topContainer } from './lifecycle/top-container.ts';
import { waitForContainer } from './lifecycle/wait-container.ts';
import { type ListOptions, listContainers } from './list/list-containers.ts';
import { readLog } from './logs/reading/read-log.ts';
import { connectContainer, disconnectContainer } from './networks/connect-container.ts';
import { removeLink } from './networks/remove-link.ts';
import { type PrunedContainers, pruneContainers } from './prune/prune-containers.ts';
import { updateContainer } from './resources/update-container.ts';
import type { ContainerRecord } from './state/container-record.ts';
import { countsAsRunning } from './state/container-state.ts';
import { readStats, type StatsOptions } from './stats/read-stats.ts';
import { StatsSampler } from './stats/stats-sampler.ts';

/**
 * Containers as the API sees them. A `ref` is a name, an id, or a unique id prefix; an unknown one throws
 * `ContainerNotFoundError`. Whatever only reads never waits for a container.
 */
export class ContainerService implements ImageUsage {
  readonly #environment: ContainerEnvironment;
  readonly #sampler: StatsSampler;

  constructor(environment: ContainerEnvironment) {
    this.#environment = environment;
    this.#sampler = new StatsSampler(environment);
  }

  async create(request: ContainerCreateRequest, options: CreateOptions): Promise<ContainerCreateResponse> {
    return await createContainer(this.#environment, request, options);
  }

  async list(options: ListOptions): Promise<ContainerSummary[]> {
    return await listContainers(this.#environment, options);
  }

  async inspect(ref: string, options: { size: boolean }): Promise<ContainerInspectResponse> {
    return await inspectContainer(this.#environment, this.#environment.registry.find(ref), options);
  }

  /** The container's name; its id where there is no such container. */
  nameOf(id: string): string {
    return this.#environment.registry.get(id)?.name ?? id;
  }

  /** Throws `ContainerUnchangedError` when it runs, the runtime's start failure, or what stood in the way. */
  async start(ref: string): Promise<void> {
    const { locks, registry } = this.#environment;
    const container = registry.find(ref);
    const removesItself = container.record.hostConfig.AutoRemove === true;
    await locks.run(container.id, async () => {
      if (registry.get(container.id) === undefined) throw new ContainerNotFoundError(ref);
      checkStartable(container);
      try {
        await startContainer(this.#environment, container, 'user');
      } catch (error) {
        if (removesItself) await removeContainer(this.#environment, container, { volumes: true });
        throw error;
      }
    });
    // A start-up pass removes a container that removes itself, whether its start is on record or not.
    if (!removesItself) await registry.synced();
  }

  async stop(ref: string, options: StopOptions): Promise<void> {
    await stopContainer(this.#environment, this.#environment.registry.find(ref), options);
  }

  /** Starts it when it does not run. */
  async restart(ref: string, options: StopOptions): Promise<void> {
    const container = this.#environment.registry.find(ref);
    await unlessUnchanged(stopContainer(this.#environment, container, options));
    await unlessUnchanged(this.start(container.id));
    publishContainerEvent(this.#environment.events, container, 'restart');
  }

  async kill(ref: string, signal: string): Promise<void> {
    try {
      await killContainer(this.#environment, this.#environment.registry.find(ref), signal);
    } catch (error) {
      throw killFailure(ref, error);
    }
  }

  async pause(ref: string): Promise<void> {
    await pauseContainer(this.#environment, this.#environment.registry.find(ref));
  }

  async unpause(ref: string): Promise<void> {
    await unpauseContainer(this.#environment, this.#environment.registry.find(ref));
  }

  async rename(ref: string, name: string): Promise<void> {
    await renameContainer(this.#environment, this.#environment.registry.find(ref), name);
  }

  /** Puts it on a network: now when it runs, else at its next start. */
  async connectNetwork(ref: string, reference: string, settings: EndpointSettings): Promise<void> {
    const container = this.#environment.registry.find(ref);
    await connectContainer(this.#environment, container, { reference, settings });
  }

  /** Takes it off a network; `force` where the network is gone, too. */
  async disconnectNetwork(ref: string, reference: string, { force }: { force: boolean }): Promise<void> {
    const container = this.#environment.registry.find(ref);
    await disconnectContainer(this.#environment, container, { reference, force });
  }

  async remove(ref: string, options: RemoveOptions): Promise<void> {
    await requestRemoval(this.#environment, this.#environment.registry.find(ref), options);
  }

  /** Takes a link from a container: `docker rm --link`. */
  async removeLink(ref: string, alias: string): Promise<void> {
    await removeLink(this.#environment, this.#environment.registry.find(ref), alias);
  }

  /** Changes limits and restart policy, of a running container at once. */
  async update(ref: string, request: ContainerUpdateRequest): Promise<ContainerUpdateResponse> {
    return await updateContainer(this.#environment, this.#environment.registry.find(ref), request);
  }

  /** Rejects before the first sample for an unknown container. */
  stats(ref: string, options: StatsOptions): Promise<AsyncIterable<ContainerStatsResponse>> {
    return Promise.try(() => readStats(this.#sampler, this.#environment.registry.find(ref), options));
  }

  async top(ref: string, psArguments: string): Promise<ContainerTopResponse> {
    return await topContainer(this.#environment, this.#environment.registry.find(ref), psArguments);
  }

  resize(ref: string, size: ConsoleSize): Promise<void> {
    return Promise.try(() => resizeContainer(this.#environment, this.#environment.registry.find(ref), size));
  }

  wait(
    ref: string,
    condition: WaitCondition,
    signal: AbortSignal,
  ): Promise<{ result: Promise<ContainerWaitResponse> }> {
    return Promise.try(() => waitForContainer(this.#environment.registry.find(ref), condition, signal));
  }

  /** Throws `InvalidOptionError` when neither stream is asked for, `LogNotReadableError` when nothing is kept here. */
  logs(
    ref: string,
    options: LogOptions,
  ): Promise<{ terminal: boolean; frames: AsyncIterable<readonly (OutputFrame | FrameRun)[]> }> {
    return Promise.try(() => {
      const container = this.#environment.registry.find(ref);
      if (!options.stdout && !options.stderr) {
        throw new InvalidOptionError('Bad parameters: you must choose at least one stream');
      }
      if (!container.log.isReadable) throw new LogNotReadableError();
      const frames = readLog(container.log, options, this.#environment.clock);
      return { terminal: container.terminal, frames };
    });
  }

  attach(ref: string, options: AttachOptions): Promise<AttachSession> {
    return Promise.try(() =>
      attachToContainer(this.#environment, this.#environment.registry.find(ref), options),
    );
  }

  async prune(filters: Filters): Promise<PrunedContainers> {
    return await pruneContainers(this.#environment, filters);
  }

  /** Ends all containers because the engine ends; below 0 each gets the time that it asks for. Nothing may be started afterwards. */
  async stopAll(timeoutSeconds: number): Promise<void> {
    await stopAll(this.#environment, { timeoutSeconds });
  }

  containersUsing(imageId: Digest): ImageUser[] {
    return this.#environment.registry
      .list()
      .filter(({ record }) => usesImage(record, imageId))
      .map(({ id, name, state, record }) => ({
        id,
        name,
        running: countsAsRunning(state),
        // One that mounts the image may use any of its manifests.
        ...(record.image.id === imageId ? { manifestDigest: record.image.manifestDigest } : {}),
      }));
  }

  /** What `docker info` counts. */
  countContainers(): { running: number; paused: number; stopped: number } {
    const states = this.#environment.registry.list().map(({ state }) => state.status);
    const paused = states.filter((status) => status === 'paused').length;
    const running = states.filter((status) => status === 'running' || status === 'restarting').length;
    return { running, paused, stopped: states.length - running - paused };
  }
}

async function unlessUnchanged(work: Promise<void>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (errorKind(error) !== 'not-modified') throw error;
  }
}

/** It was made of the image, or has it mounted. */
function usesImage({ image, mounts }: ContainerRecord, imageId: Digest): boolean {
  return image.id === imageId || mounts.some((mount) => mount.type === 'image' && mount.imageId === imageId);
}
