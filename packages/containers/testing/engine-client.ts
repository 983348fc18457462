import { type ChildProcess, execFile, fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, rmdirSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import type {
  ContainerCreateRequest,
  ContainerInspectResponse,
  ContainerSummary,
  ExecCreateRequest,
  ExecInspectResponse,
} from '@gantry/api-types';
import { makeRootfs } from '@gantry/testkit';
import type { WaitCondition } from '../src/index.ts';

interface Reply {
  id: number;
  result?: unknown;
  error?: { message: string; kind?: string };
}

/** A failure that the engine's process told. */
export class EngineCallError extends Error {
  override readonly name = 'EngineCallError';
  readonly kind: string | undefined;
  constructor(message: string, kind: string | undefined) {
    super(message);
    this.kind = kind;
  }
}

/** Removes the parent cgroup of a test's containers, `/<name>`, which an engine leaves for the next one. */
export function removeParentCgroup(name: string): void {
  for (const hierarchy of readdirSync('/sys/fs/cgroup')) {
    for (const folder of [path.join('/sys/fs/cgroup', hierarchy, name), path.join('/sys/fs/cgroup', name)]) {
      if (existsSync(folder)) rmdirSync(folder);
    }
  }
}

/** Packs a layer of busybox below `folder` and returns its path. */
export async function makeBusyboxLayer(folder: string): Promise<string> {
  const rootfs = path.join(folder, 'layer');
  await makeRootfs(rootfs);
  const layer = `${rootfs}.tar`;
  await promisify(execFile)('tar', ['-C', rootfs, '-cf', layer, '.']);
  return layer;
}

/** An engine in a process of its own. `kill` is kill -9; another `EngineProcess` on the same root is the next engine. */
export class EngineProcess {
  readonly child: ChildProcess;
  readonly #waiting = new Map<number, (reply: Reply) => void>();
  #nextId = 1;

  constructor(options: { root: string; layerPath: string; bridge: string }) {
    const program = path.join(import.meta.dirname, 'engine-process.ts');
    this.child = fork(program, [options.root, options.layerPath, options.bridge], {
      serialization: 'advanced',
    });
    this.child.on('message', (reply: Reply) => {
      this.#waiting.get(reply.id)?.(reply);
      this.#waiting.delete(reply.id);
    });
    this.child.on('exit', () => {
      for (const [id, answer] of this.#waiting) answer({ id, error: { message: 'the engine has ended' } });
      this.#waiting.clear();
    });
  }

  static async open(options: { root: string; layerPath: string; bridge: string }): Promise<EngineProcess> {
    const engine = new EngineProcess(options);
    await engine.#reply(0);
    return engine;
  }

  async call(method: string, ...args: unknown[]): Promise<unknown> {
    if (!this.child.connected) throw new EngineCallError('the engine has ended', undefined);
    const id = this.#nextId;
    this.#nextId += 1;
    const reply = this.#reply(id);
    this.child.send({ id, method, args }, () => {});
    return await reply;
  }

  async create(command: string[], request: ContainerCreateRequest = {}, name?: string): Promise<string> {
    const body = { Image: 'busybox', Cmd: command, ...request };
    const created = await this.call('create', body, name === undefined ? {} : { name });
    return (created as { Id: string }).Id;
  }

  /** Creates and starts `sh -c script`. */
  async run(script: string, request: ContainerCreateRequest = {}): Promise<string> {
    const id = await this.create(['sh', '-c', script], request);
    await this.call('start', id);
    return id;
  }

  async wait(id: string, condition: WaitCondition = 'not-running'): Promise<number> {
    return (await this.call('wait', id, condition)) as number;
  }

  async logs(id: string): Promise<string> {
    return (await this.call('logs', id)) as string;
  }

  async inspect(id: string): Promise<ContainerInspectResponse> {
    return (await this.call('inspect', id, { size: false })) as ContainerInspectResponse;
  }

  async list(): Promise<ContainerSummary[]> {
    return (await this.call('list', { all: true, size: false, filters: new Map() })) as ContainerSummary[];
  }

  async remove(id: string): Promise<void> {
    await this.call('remove', id, { force: true, volumes: true });
  }

  async exec(id: string, request: ExecCreateRequest): Promise<{ output: string; exitCode: number }> {
    return (await this.call('exec', id, request)) as { output: string; exitCode: number };
  }

  async execInspect(id: string): Promise<ExecInspectResponse> {
    return (await this.call('execInspect', id)) as ExecInspectResponse;
  }

  async kill(): Promise<void> {
    const exited = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await exited;
  }

  async close(): Promise<void> {
    const exited = once(this.child, 'exit');
    await this.call('close');
    await exited;
  }

  #reply(id: number): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, ({ result, error }) => {
        if (error === undefined) resolve(result);
        else reject(new EngineCallError(error.message, error.kind));
      });
    });
  }
}
