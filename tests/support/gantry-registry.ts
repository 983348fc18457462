import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type Finished, run } from './processes.ts';
import { repositoryRoot } from './test-daemon.ts';

const program = path.join(repositoryRoot, 'dist/gantry-registry.js');

/** A `gantry-registry` of its own directory and configuration. */
export class GantryRegistry implements AsyncDisposable {
  readonly host: string;
  readonly directory: string;
  #child: ChildProcess | undefined;
  #log = '';

  private constructor(host: string, directory: string) {
    this.host = host;
    this.directory = directory;
  }

  /** Resolves when it serves on the port of the loopback; `settings` are added to its configuration. */
  static async start(directory: string, port: number, settings: object = {}): Promise<GantryRegistry> {
    mkdirSync(directory, { recursive: true });
    const registry = new GantryRegistry(`127.0.0.1:${port}`, directory);
    const root = path.join(directory, 'data');
    writeFileSync(registry.#configFile, JSON.stringify({ root, listen: [registry.host], ...settings }));
    await registry.restart();
    return registry;
  }

  /** What the program says to these words. */
  static command(words: readonly string[], stdin?: string): Promise<Finished> {
    return run(process.execPath, [program, ...words], stdin === undefined ? {} : { stdin });
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  /** Where its blobs lie. */
  get contentDirectory(): string {
    return path.join(this.directory, 'data/content');
  }

  get log(): string {
    return this.#log;
  }

  async restart(): Promise<void> {
    const child = spawn(process.execPath, [program, 'serve', '--config', this.#configFile], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    this.#child = child;
    const { promise: ready, resolve, reject } = Promise.withResolvers<void>();
    child.stderr.on('data', (chunk: Buffer) => {
      this.#log += chunk.toString();
      if (chunk.includes('"message":"ready"')) resolve();
    });
    child.once('close', () => reject(new Error(`the registry did not come up:\n${this.#log}`)));
    await ready;
  }

  async end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end('SIGTERM');
    assert.equal(/"level":"(error|fatal)"/.test(this.#log), false, this.#log);
  }

  get #configFile(): string {
    return path.join(this.directory, 'registry.json');
  }
}
