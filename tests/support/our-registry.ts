import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { repositoryRoot } from './test-daemon.ts';
import { until } from './until.ts';

/** `gantry-registry` on a port of the loopback, in the namespace of the test, as it was built. */
export class OurRegistry implements AsyncDisposable {
  readonly host: string;
  readonly #child: ChildProcess;
  #log = '';

  private constructor(host: string, child: ChildProcess) {
    this.host = host;
    this.#child = child;
    child.stderr?.on('data', (chunk: Buffer) => (this.#log += chunk.toString()));
  }

  /** Resolves when it answers. `flags` are settings, as on the command line. */
  static async start(directory: string, port: number, flags: readonly string[] = []): Promise<OurRegistry> {
    const host = `127.0.0.1:${port}`;
    const program = path.join(repositoryRoot, 'dist/gantry-registry.js');
    const words = ['serve', '--root', directory, '--listen', host, ...flags];
    const child = spawn(process.execPath, [program, ...words], { stdio: ['ignore', 'ignore', 'pipe'] });
    const registry = new OurRegistry(host, child);
    await until('the registry answers', async () => {
      if (child.exitCode !== null) throw new Error(registry.#log);
      return await fetch(`http://${host}/healthz`).then(
        () => true,
        () => false,
      );
    });
    return registry;
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** What it wrote to its log so far. */
  get log(): string {
    return this.#log;
  }

  /** Resolves when the process is gone. */
  async end(signal: NodeJS.Signals): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, 'exit');
    this.#child.kill(signal);
    await ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end('SIGTERM');
  }
}
