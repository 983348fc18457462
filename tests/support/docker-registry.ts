import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { until } from './until.ts';

/** The password `secret`. */
const secretHash = '$2b$05$kUTRzqOn9w0wKIZD8T/jx.bBm/cXQY4oqwGqhf5oRn2mf2CJ5GFZS';

/** Debian's docker-registry on a port of the loopback, in the namespace of the test. */
export class DockerRegistry implements AsyncDisposable {
  readonly host: string;
  readonly #child: ChildProcess;

  private constructor(host: string, child: ChildProcess) {
    this.host = host;
    this.#child = child;
  }

  /** Resolves when it answers. With `user` it takes nobody else, by the password `secret`; quiet it logs no requests. */
  static async start(
    directory: string,
    port: number,
    { user, isQuiet = false }: { user?: string; isQuiet?: boolean } = {},
  ): Promise<DockerRegistry> {
    mkdirSync(directory, { recursive: true });
    const host = `127.0.0.1:${port}`;
    const passwords = path.join(directory, 'passwords');
    writeFileSync(passwords, `${user}:${secretHash}\n`);
    const config = path.join(directory, 'config.json');
    writeFileSync(
      config,
      JSON.stringify({
        version: 0.1,
        storage: { filesystem: { rootdirectory: path.join(directory, 'data') }, delete: { enabled: true } },
        ...(isQuiet ? { log: { level: 'error', accesslog: { disabled: true } } } : {}),
        http: { addr: host },
        ...(user === undefined ? {} : { auth: { htpasswd: { realm: 'test', path: passwords } } }),
      }),
    );
    const child = spawn('docker-registry', ['serve', config], { stdio: 'ignore' });
    const registry = new DockerRegistry(host, child);
    await until('the registry answers', () =>
      fetch(`http://${host}/v2/`).then(
        () => true,
        () => false,
      ),
    );
    return registry;
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null) return;
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await ended;
  }
}
