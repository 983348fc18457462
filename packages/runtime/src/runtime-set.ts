import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Logger } from '@gantry/base';
import type { CgroupLimits, CgroupUsageReader } from '@gantry/kernel';
import type {
  ContainerProcess,
  ContainerRuntime,
  ExecProcess,
  ExecRequest,
  StartRequest,
} from './container-runtime.ts';
import { RuntimeNotFoundError, UnknownRuntimeError } from './errors.ts';

/** An OCI runtime by configuration. */
export interface RuntimeChoice {
  /** Absolute, or a name that is looked for in the usual directories. */
  path: string;
  /** Given to it before everything else. */
  args?: readonly string[];
}

/** Which runtimes there are, by the names that containers ask for them. */
export interface RuntimeTable {
  runtimes: Readonly<Record<string, RuntimeChoice>>;
  /** Of containers that ask for none; one of `runtimes`. */
  defaultName: string;
}

export type OpenedRuntime = ContainerRuntime & Disposable;

export interface OpenRuntimesOptions extends RuntimeTable {
  execRoot: string;
  logger: Logger;
  /** Opens one runtime in a directory of its own. Throws `RuntimeNotFoundError`. */
  open: (choice: RuntimeChoice, directory: string) => OpenedRuntime;
}

/** Several runtimes as one: each container stays with the one that it was started by. */
export interface RuntimeSet extends ContainerRuntime, Disposable {
  readonly table: RuntimeTable;
  /** From now on; containers that run stay with what they have. Throws `RuntimeNotFoundError` for a default that is not in the table. */
  configure(table: RuntimeTable): void;
}

/** What is kept beside a runtime's containers, for an engine that is no longer configured for it. Version 1. */
interface StoredChoice extends RuntimeChoice {
  version: 1;
}

/** The runtime whose directory is the exec root itself. */
const mainName = 'crun';

/**
 * Opens the default runtime, and whichever others containers are left with. The rest is opened when it is first asked for.
 * Throws `RuntimeNotFoundError`.
 */
export function openRuntimes(options: OpenRuntimesOptions): RuntimeSet {
  const runtimes = new OpenRuntimes(options);
  try {
    runtimes.openUsed();
    return runtimes;
  } catch (error) {
    runtimes[Symbol.dispose]();
    throw error;
  }
}

class OpenRuntimes implements RuntimeSet {
  readonly #options: OpenRuntimesOptions;
  readonly #open = new Map<string, OpenedRuntime>();
  readonly #owners = new Map<string, OpenedRuntime>();
  #table: RuntimeTable;

  constructor(options: OpenRuntimesOptions) {
    this.#options = options;
    this.#table = options;
  }

  get name(): string {
    return this.#table.defaultName;
  }

  get table(): RuntimeTable {
    return { runtimes: this.#table.runtimes, defaultName: this.#table.defaultName };
  }

  openUsed(): void {
    this.#runtime(this.name);
    const { execRoot, logger } = this.#options;
    const names = [mainName, ...namesIn(path.join(execRoot, 'runtimes'))];
    for (const name of names.filter((name) => !this.#open.has(name))) {
      if (namesIn(path.join(this.#directory(name), 'containers')).length === 0) continue;
      try {
        this.#runtime(name);
      } catch (error) {
        logger.error('containers are left of a runtime that cannot be opened', { runtime: name, error });
      }
    }
  }

  configure(table: RuntimeTable): void {
    if (table.runtimes[table.defaultName] === undefined) throw new RuntimeNotFoundError(table.defaultName);
    this.#table = table;
  }

  offers(name: string): boolean {
    return Object.hasOwn(this.#table.runtimes, name);
  }

  expectStart(): void {
    this.#runtime(this.name).expectStart();
  }

  async start(request: StartRequest): Promise<ContainerProcess> {
    const name = request.runtime ?? this.name;
    if (!this.offers(name)) throw new UnknownRuntimeError(name);
    const runtime = this.#runtime(name);
    const process = await runtime.start(request);
    this.#owners.set(request.containerId, runtime);
    return process;
  }

  adopt(containerId: string): Promise<ContainerProcess | undefined> {
    return this.#ownerOf(containerId).adopt(containerId);
  }

  exec(request: ExecRequest): Promise<ExecProcess> {
    return this.#ownerOf(request.containerId).exec(request);
  }

  adoptExec(execId: string): Promise<ExecProcess | undefined> {
    return this.#execOwnerOf(execId)?.adoptExec(execId) ?? Promise.resolve(undefined);
  }

  async removeExec(execId: string): Promise<void> {
    await this.#execOwnerOf(execId)?.removeExec(execId);
  }

  listExecs(): string[] {
    return [...this.#open.values()].flatMap((runtime) => runtime.listExecs());
  }

  kill(containerId: string, signal: number): void {
    this.#ownerOf(containerId).kill(containerId, signal);
  }

  pause(containerId: string): Promise<void> {
    return this.#ownerOf(containerId).pause(containerId);
  }

  resume(containerId: string): Promise<void> {
    return this.#ownerOf(containerId).resume(containerId);
  }

  isPaused(containerId: string): boolean {
    return this.#ownerOf(containerId).isPaused(containerId);
  }

  processIds(containerId: string): number[] {
    return this.#ownerOf(containerId).processIds(containerId);
  }

  update(containerId: string, limits: CgroupLimits): Promise<void> {
    return this.#ownerOf(containerId).update(containerId, limits);
  }

  usage(containerId: string): CgroupUsageReader {
    return this.#ownerOf(containerId).usage(containerId);
  }

  async remove(containerId: string): Promise<void> {
    await this.#ownerOf(containerId).remove(containerId);
    this.#owners.delete(containerId);
  }

  list(): string[] {
    return [...new Set([...this.#open.values()].flatMap((runtime) => runtime.list()))];
  }

  [Symbol.dispose](): void {
    for (const runtime of this.#open.values()) runtime[Symbol.dispose]();
    this.#open.clear();
  }

  /** Whoever has a trace of the container; the default runtime when nobody has. */
  #ownerOf(containerId: string): OpenedRuntime {
    const known = this.#owners.get(containerId);
    if (known !== undefined) return known;
    if (this.#open.size === 1) return this.#runtime(this.name);
    const owner = [...this.#open.values()].find((runtime) => runtime.list().includes(containerId));
    if (owner !== undefined) this.#owners.set(containerId, owner);
    return owner ?? this.#runtime(this.name);
  }

  #execOwnerOf(execId: string): OpenedRuntime | undefined {
    return [...this.#open.values()].find((runtime) => runtime.listExecs().includes(execId));
  }

  #runtime(name: string): OpenedRuntime {
    const known = this.#open.get(name);
    if (known !== undefined) return known;
    const directory = this.#directory(name);
    const choice = this.#table.runtimes[name] ?? readChoice(directory) ?? { path: name };
    const runtime = this.#options.open(choice, directory);
    this.#open.set(name, runtime);
    if (name !== mainName) storeChoice(directory, choice);
    return runtime;
  }

  #directory(name: string): string {
    const { execRoot } = this.#options;
    return name === mainName ? execRoot : path.join(execRoot, 'runtimes', encodeURIComponent(name));
  }
}

/** Names below a directory, as they were before `encodeURIComponent`; none when it is not there. */
function namesIn(directory: string): string[] {
  if (!existsSync(directory)) return [];
  return readdirSync(directory)
    .filter((name) => !name.startsWith('.'))
    .map((name) => decodeURIComponent(name));
}

const choiceFile = 'runtime.json';

function readChoice(directory: string): RuntimeChoice | undefined {
  const file = path.join(directory, choiceFile);
  if (!existsSync(file)) return undefined;
  const { path: program, args = [] } = JSON.parse(readFileSync(file, 'utf8')) as StoredChoice;
  return { path: program, args };
}

function storeChoice(directory: string, choice: RuntimeChoice): void {
  mkdirSync(directory, { recursive: true, mode: 0o711 });
  const temporary = path.join(directory, `.${choiceFile}`);
  writeFileSync(temporary, JSON.stringify({ version: 1, ...choice } satisfies StoredChoice), { mode: 0o600 });
  renameSync(temporary, path.join(directory, choiceFile));
}
