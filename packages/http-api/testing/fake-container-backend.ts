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
  EventMessage,
  LogOptions,
} from '@gantry/api-types';
import { EngineError } from '@gantry/base';
import type {
  AttachSession,
  ConsoleSize,
  ContainerBackend,
  ContainerListOptions,
  OutputFrame,
  StatsOptions,
} from '../src/index.ts';
import { FakeContainer, someTime } from './fake-container.ts';
import { isProgram } from './fake-process.ts';

/** Containers in memory, running the programs of `FakeProcess`. It follows the port's contract; it has no options. */
export class FakeContainerBackend implements ContainerBackend {
  readonly #byId = new Map<string, FakeContainer>();
  readonly #images: ReadonlySet<string>;
  readonly #onEvent: (message: EventMessage) => void;
  #serial = 0;

  constructor(options: { images?: readonly string[]; onEvent?: (message: EventMessage) => void } = {}) {
    this.#images = new Set(options.images ?? ['busybox', 'busybox:latest']);
    this.#onEvent = options.onEvent ?? (() => {});
  }

  find(ref: string): FakeContainer {
    const wanted = ref.replace(/^\//, '');
    const containers = [...this.#byId.values()];
    const exact = containers.find(({ id, name }) => id === wanted || name === wanted);
    const found = exact ?? containers.find(({ id }) => wanted.length >= 4 && id.startsWith(wanted));
    if (found === undefined)
      throw new EngineError('not-found', 'container-not-found', `No such container: ${ref}`);
    return found;
  }

  async create(
    request: ContainerCreateRequest,
    { name = `fake-${(this.#serial += 1)}` }: { name?: string },
  ): Promise<ContainerCreateResponse> {
    const image = request.Image ?? '';
    if (!this.#images.has(image))
      throw new EngineError('not-found', 'image-not-found', `No such image: ${image}`);
    this.#requireFree(name);
    const container = new FakeContainer(name, request);
    this.#byId.set(container.id, container);
    return { Id: container.id, Warnings: [] };
  }

  async list({ all, limit, filters }: ContainerListOptions): Promise<ContainerSummary[]> {
    for (const name of filters.keys()) {
      if (!['label', 'name', 'status'].includes(name)) {
        throw new EngineError('invalid', 'invalid-filter', `invalid filter '${name}'`);
      }
    }
    const names = filters.get('name');
    return [...this.#byId.values()]
      .filter(({ state }) => all || limit !== undefined || state === 'running' || state === 'paused')
      .filter(({ name }) => names === undefined || names.some((wanted) => name.includes(wanted)))
      .slice(0, limit)
      .map((container) => container.summary());
  }

  async inspect(ref: string): Promise<ContainerInspectResponse> {
    return this.find(ref).inspect();
  }

  async start(ref: string): Promise<void> {
    const container = this.find(ref);
    if (container.state === 'running') throw new EngineError('not-modified', 'already-running', 'running');
    if (!isProgram(container.argv)) {
      container.process.fail();
      await this.#exit(container, 127);
      throw new EngineError(
        'invalid',
        'command-not-found',
        `failed to create task for container: exec: "${container.argv[0] ?? ''}": executable file not found in $PATH`,
      );
    }
    if (container.state === 'exited') container.process = container.newProcess();
    container.state = 'running';
    const { process } = container;
    process.begin();
    void process.exited.then((code) => this.#exit(container, code));
  }

  async stop(ref: string): Promise<void> {
    const container = this.find(ref);
    if (container.state !== 'running') throw new EngineError('not-modified', 'not-running', 'not running');
    container.process.kill(15);
    await container.nextExit.promise;
  }

  async restart(ref: string): Promise<void> {
    const container = this.find(ref);
    if (container.state === 'running') await this.stop(ref);
    await this.start(ref);
  }

  async kill(ref: string, signal: string): Promise<void> {
    const container = this.#running(ref);
    container.process.kill(signal.endsWith('TERM') ? 15 : 9);
  }

  async pause(ref: string): Promise<void> {
    this.#running(ref).state = 'paused';
  }

  async unpause(ref: string): Promise<void> {
    const container = this.find(ref);
    if (container.state !== 'paused') {
      throw new EngineError('conflict', 'not-paused', `Container ${container.id} is not paused`);
    }
    container.state = 'running';
  }

  async rename(ref: string, name: string): Promise<void> {
    const container = this.find(ref);
    this.#requireFree(name);
    container.name = name;
  }

  async update(
    ref: string,
    { RestartPolicy: policy, ...limits }: ContainerUpdateRequest,
  ): Promise<ContainerUpdateResponse> {
    const { request } = this.find(ref);
    const asked = Object.entries(limits).filter(([, value]) => value !== 0 && value !== '' && value !== null);
    const named = policy?.Name === undefined ? {} : { RestartPolicy: policy };
    request.HostConfig = { ...request.HostConfig, ...Object.fromEntries(asked), ...named };
    return { Warnings: [] };
  }

  async stats(ref: string, { stream, signal }: StatsOptions): Promise<AsyncIterable<ContainerStatsResponse>> {
    const { id, name, removed } = this.find(ref);
    return fakeStats({ id, name }, stream ? Promise.race([removed.promise, aborted(signal)]) : undefined);
  }

  /** No container has a link. */
  async removeLink(ref: string, alias: string): Promise<void> {
    this.find(ref);
    this.find(`${ref}/${alias}`);
  }

  async remove(ref: string, { force }: { force: boolean; volumes: boolean }): Promise<void> {
    const container = this.find(ref);
    if (container.state === 'running') {
      if (!force) {
        throw new EngineError(
          'conflict',
          'container-running',
          `cannot remove container "${container.name}": container is running: stop the container before removing or force remove`,
        );
      }
      await this.stop(ref);
    }
    this.#byId.delete(container.id);
    this.#tell(container, 'destroy');
    container.removed.resolve();
  }

  async top(ref: string): Promise<ContainerTopResponse> {
    const { argv } = this.#running(ref);
    return { Titles: ['UID', 'PID', 'CMD'], Processes: [['root', '4242', argv.join(' ')]] };
  }

  async resize(ref: string, size: ConsoleSize): Promise<void> {
    this.find(ref).process.size = size;
  }

  async wait(
    ref: string,
    condition: 'not-running' | 'next-exit' | 'removed',
    signal: AbortSignal,
  ): Promise<{ result: Promise<ContainerWaitResponse> }> {
    const container = this.find(ref);
    const exit = container.nextExit.promise;
    const aborted = new Promise<never>((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
    });
    const reached = async (): Promise<ContainerWaitResponse> => {
      if (condition === 'removed') await container.removed.promise;
      else if (condition === 'next-exit' || container.state === 'running') await exit;
      return { StatusCode: container.exitCode };
    };
    return { result: Promise.race([reached(), aborted]) };
  }

  async logs(
    ref: string,
    options: LogOptions,
  ): Promise<{ terminal: boolean; frames: AsyncIterable<readonly OutputFrame[]> }> {
    const { process, state } = this.find(ref);
    const stream = options.follow && (state === 'running' || state === 'paused');
    const frames = process.follow({ replay: true, stream, signal: options.signal });
    return { terminal: process.terminal, frames: chosen(frames, options) };
  }

  async attach(ref: string, options: AttachOptions): Promise<AttachSession> {
    const { process, state, id, request } = this.find(ref);
    if (state === 'paused') {
      throw new EngineError(
        'conflict',
        'container-paused',
        `Container ${id} is paused. Unpause the container before attaching`,
      );
    }
    return process.attach(options, { endsInput: request.StdinOnce ?? false });
  }

  #requireFree(name: string): void {
    const other = [...this.#byId.values()].find((container) => container.name === name);
    if (other !== undefined) {
      throw new EngineError(
        'conflict',
        'name-in-use',
        `Conflict. The container name "/${name}" is already in use by container "${other.id}". You have to remove (or rename) that container to be able to reuse that name.`,
      );
    }
  }

  #tell(container: FakeContainer, action: string): void {
    const attributes = { image: container.request.Image ?? '', exitCode: String(container.exitCode) };
    const actor = { ID: container.id, Attributes: attributes };
    this.#onEvent({ Type: 'container', Action: action, Actor: actor, scope: 'local', time: 1, timeNano: 1 });
  }

  #running(ref: string): FakeContainer {
    const container = this.find(ref);
    if (container.state !== 'running') {
      throw new EngineError('conflict', 'container-not-running', `container ${container.id} is not running`);
    }
    return container;
  }

  async #exit(container: FakeContainer, code: number): Promise<void> {
    container.exitCode = code;
    container.state = 'exited';
    container.nextExit.resolve(code);
    container.nextExit = Promise.withResolvers();
    this.#tell(container, 'die');
    if (container.request.HostConfig?.AutoRemove === true)
      await this.remove(container.id, { force: true, volumes: true });
  }
}

/** One sample; with `until` the stream then stays open until that resolves. */
async function* fakeStats(
  { id, name }: { id: string; name: string },
  until: Promise<void> | undefined,
): AsyncGenerator<ContainerStatsResponse> {
  yield { id, name: `/${name}`, pids_stats: { current: 1 } };
  await until;
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}

async function* chosen(
  frames: AsyncIterable<OutputFrame>,
  options: LogOptions,
): AsyncGenerator<readonly OutputFrame[]> {
  for await (const frame of frames) {
    if (frame.stream === 'stderr' ? !options.stderr : !options.stdout) continue;
    const data = options.timestamps ? Buffer.concat([Buffer.from(`${someTime} `), frame.data]) : frame.data;
    yield [{ stream: frame.stream, data }];
  }
}
