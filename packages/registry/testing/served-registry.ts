import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { silentLogger } from '@gantry/base';
import { temporaryRoot } from '@gantry/testkit';
import { openRegistry, openStorage, type StorageProblem } from '../src/index.ts';
import { settingsOf } from './settings-of.ts';

const program = path.resolve(import.meta.dirname, 'serve-until-killed.ts');

/** A registry in another process, which may kill itself at a fault point. */
export class Served implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #lines: Interface;
  #host = '';

  constructor(directory: string, point: readonly string[] = []) {
    this.#child = spawn(process.execPath, [program, directory, ...point], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    assert.ok(this.#child.stdout);
    // What is asked of one that has just died is told by its end.
    this.#child.stdin?.on('error', () => {});
    this.#lines = createInterface({ input: this.#child.stdout });
  }

  static async start(directory: string, point?: readonly string[]): Promise<Served> {
    const served = new Served(directory, point);
    served.#host = `127.0.0.1:${await served.#line()}`;
    return served;
  }

  ask(target: string, options?: RequestInit): Promise<Response> {
    return fetch(`http://${this.#host}${target}`, { ...options, signal: AbortSignal.timeout(20_000) });
  }

  async collect(): Promise<Record<string, number>> {
    this.#child.stdin?.write('COLLECT\n');
    return JSON.parse(await this.#line()) as Record<string, number>;
  }

  /** Resolves when it has killed itself. */
  async died(): Promise<void> {
    if (!this.#isDead) await once(this.#child, 'exit');
  }

  /** Resolves when it is dead, killing it where it lives. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isDead) return;
    const dead = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await dead;
  }

  get #isDead(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  async #line(): Promise<string> {
    if (this.#isDead) throw new Error('the registry died');
    const [line] = (await Promise.race([
      once(this.#lines, 'line'),
      once(this.#child, 'exit').then(() => {
        throw new Error('the registry died');
      }),
    ])) as [string];
    return line;
  }
}

/** The registry of a directory in this process, with the settings that lie beside it. */
export async function openServed(directory: string): Promise<Pick<Served, 'ask'> & AsyncDisposable> {
  const opened = await openRegistry({
    settings: settingsOf(directory),
    userAgent: 'Gantry/test',
    logger: silentLogger,
  });
  const [bound] = opened.addresses;
  const host = `127.0.0.1:${bound !== undefined && 'port' in bound ? bound.port : 0}`;
  return {
    ask: (target, options) => fetch(`http://${host}${target}`, options),
    [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose](),
  };
}

/** The last pass of each point: by then there is something to lose. */
export function killsOf(passes: readonly string[]): (readonly [point: string, count: string])[] {
  const counts = new Map<string, number>();
  for (const name of passes) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts].map(([name, count]) => [name, `${count}`]);
}

export async function passesOf(
  directory: string,
  operate: (registry: Served) => Promise<unknown>,
): Promise<string[]> {
  await using registry = await Served.start(directory, ['RECORD']);
  await operate(registry);
  return passesIn(directory);
}

/** What was noted, which is noted anew from then on. */
export function passesIn(directory: string): string[] {
  const file = `${directory}.passes`;
  const passes = readFileSync(file, 'utf8').trimEnd().split('\n');
  rmSync(file);
  return passes;
}

/** What `fsck --content` of a registry says that does not run. */
export async function problemsIn(directory: string): Promise<StorageProblem[]> {
  await using storage = await openStorage({ directory, logger: silentLogger });
  return await Array.fromAsync(storage.check({ readsContent: true, repairs: false }));
}

/** A directory that is none yet, and what may lie beside it. */
export async function registryRoot(settings?: object): Promise<{ path: string } & AsyncDisposable> {
  const root = await temporaryRoot('registry');
  const directory = path.join(root.path, 'data');
  if (settings !== undefined) await writeFile(`${directory}.json`, JSON.stringify(settings));
  return { path: directory, [Symbol.asyncDispose]: () => root[Symbol.asyncDispose]() };
}
