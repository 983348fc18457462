import assert from 'node:assert/strict';
import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, readdirSync, rmdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { ApiClient } from '@gantry/client';
import { LeakCheck, LeakError } from '@gantry/testkit';
import { type Finished, type RunOptions, run } from './processes.ts';

export const repositoryRoot: string = path.resolve(import.meta.dirname, '../..');
const gantryProgram = path.join(repositoryRoot, 'dist/gantry.js');
const daemonProgram = path.join(repositoryRoot, 'dist/gantryd.js');

/**
 * `GANTRY_TEST_PEER=dockerd` runs the same tests, by the docker CLI only, against a real dockerd: what a compatibility test
 * asks of us must be true there first.
 */
export const peer: string | undefined = process.env['GANTRY_TEST_PEER'];

/** The programs that a compatibility test drives. */
export const programs: readonly ('gantry' | 'docker')[] =
  peer === undefined ? ['gantry', 'docker'] : ['docker'];

let counter = 0;

/**
 * A gantryd with roots, socket, bridge and firewall table of its own, driven as users do: by the `gantry` and `docker` programs.
 * Disposing it removes its containers and networks, stops it and asserts that nothing is left on the machine.
 */
export class TestDaemon implements AsyncDisposable {
  readonly root: string;
  readonly socketPath: string;
  readonly dataRoot: string;
  readonly execRoot: string;
  readonly bridge: string;
  /** The API itself, where a CLI would be too slow or too polite. */
  readonly api: ApiClient;
  readonly #cgroupParent: string;
  #leaks: LeakCheck | undefined;
  #child: ChildProcess | undefined;
  #log = '';
  /** Modules loaded into gantryd before it starts: the hook of the fault points. */
  readonly #preloads: readonly string[];

  private constructor(root: string, preloads: readonly string[]) {
    counter += 1;
    this.#preloads = preloads;
    this.#cgroupParent = path.basename(root);
    this.root = root;
    this.bridge = `gt${process.pid % 100_000}x${counter}`;
    this.socketPath = path.join(root, 'gantry.sock');
    this.dataRoot = path.join(root, 'data');
    this.execRoot = path.join(root, 'exec');
    this.api = new ApiClient({ address: { kind: 'unix', path: this.socketPath } });
  }

  static async start(flags: readonly string[] = [], preloads: readonly string[] = []): Promise<TestDaemon> {
    const root = mkdtempSync('/tmp/gantry-test-');
    // As the directories above an engine's are: users of containers' own come through.
    chmodSync(root, 0o711);
    const daemon = new TestDaemon(root, preloads);
    if (peer === undefined) daemon.#leaks = await daemon.#watchForLeaks();
    await daemon.restart(flags);
    return daemon;
  }

  /** Starts gantryd (again) on the same roots; resolves when its socket answers. */
  async restart(flags: readonly string[] = []): Promise<void> {
    const roots = ['--data-root', this.dataRoot, '--exec-root', this.execRoot];
    const parent = ['--cgroup-parent', `/${this.#cgroupParent}`];
    const shared = ['-H', `unix://${this.socketPath}`, ...roots, ...parent, ...flags];
    const child =
      peer === undefined
        ? spawn(
            process.execPath,
            [...this.#nodeOptions(), daemonProgram, '--bridge', this.bridge, '--debug', ...shared],
            this.#daemonSpawnOptions(),
          )
        : spawn(peer, ['--pidfile', path.join(this.root, 'pid'), ...shared], this.#daemonSpawnOptions());
    this.#child = child;
    const { promise: ready, resolve, reject } = Promise.withResolvers<void>();
    child.stderr?.on('data', (chunk: Buffer) => {
      this.#log += chunk.toString();
      if (chunk.includes('"message":"ready"') || chunk.includes('API listen on')) resolve();
    });
    child.once('close', () => reject(new Error(`the daemon did not come up:\n${this.#log}`)));
    await ready;
  }

  get pid(): number {
    assert.ok(this.#child?.pid !== undefined);
    return this.#child.pid;
  }

  /** What gantryd logged. */
  get log(): string {
    return this.#log;
  }

  /** What the fault points of gantryd do: see `fault-hook.ts`. */
  get faultFile(): string {
    return path.join(this.root, 'faults');
  }

  get isRunning(): boolean {
    return this.#child?.exitCode === null && this.#child.signalCode === null;
  }

  /** Ends gantryd with `signal` and waits for its end. */
  async end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    if (child === undefined || !this.isRunning) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
  }

  /** What a user would type before the command's own words. */
  commandLine(program: 'gantry' | 'docker'): string[] {
    const words = program === 'docker' ? ['docker'] : [process.execPath, gantryProgram];
    return [...words, '-H', `unix://${this.socketPath}`];
  }

  /** Our CLI against this daemon. */
  gantry(args: readonly string[], options: RunOptions = {}): Promise<Finished> {
    return run(process.execPath, ['--', gantryProgram, '-H', `unix://${this.socketPath}`, ...args], options);
  }

  /** The real docker CLI against this daemon. */
  docker(args: readonly string[], options: RunOptions = {}): Promise<Finished> {
    return run('docker', ['-H', `unix://${this.socketPath}`, ...args], options);
  }

  /** Our CLI (docker on a peer); throws unless it exits with 0. Returns stdout without its last newline. */
  async ok(...args: string[]): Promise<string> {
    const finished = await this[peer === undefined ? 'gantry' : 'docker'](args);
    assert.equal(finished.exitCode, 0, `${args.join(' ')}: ${finished.stderr}${finished.stdout}`);
    return finished.stdout.replace(/\n$/, '');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.isRunning) await this.restart();
    const ids = (await this.ok('ps', '-aq')).split('\n').filter((id) => id !== '');
    if (ids.length > 0) await this.ok('rm', '-f', '-v', ...ids);
    await this.ok('network', 'prune', '-f');
    const networks = await this.ok('network', 'ls', '--no-trunc', '--format', '{{.Name}} {{.ID}}');
    await this.end('SIGTERM');
    this.#removeCgroupParent();
    await removeFurtherBridges(/^bridge (\w+)$/m.exec(networks)?.[1] ?? '');
    const left = [...(await this.#leaked()), ...this.#leftFiles()];
    rmSync(this.root, { recursive: true, force: true });
    await run('ip', ['link', 'delete', this.bridge]);
    assert.deepEqual(left, [], `left behind by gantryd:\n${this.#log}`);
  }

  #nodeOptions(): string[] {
    return this.#preloads.flatMap((file) => ['--import', file]);
  }

  #daemonSpawnOptions(): SpawnOptions {
    return {
      stdio: ['ignore', 'ignore', 'pipe'],
      detached: true,
      env: { ...process.env, GANTRY_TEST_FAULTS: this.faultFile },
    };
  }

  /** The bridge itself stays for the next engine. Descriptors of this process are its own. */
  #watchForLeaks(): Promise<LeakCheck> {
    return LeakCheck.begin({
      tag: this.root,
      cgroupPrefix: this.#cgroupParent,
      allow: (kind, line) => kind === 'descriptor' || (kind === 'link' && line === this.bridge),
    });
  }

  async #leaked(): Promise<readonly string[]> {
    try {
      await this.#leaks?.check();
      return [];
    } catch (error) {
      if (error instanceof LeakError) return error.leaks;
      throw error;
    }
  }

  /** An engine without containers has none of these files. */
  #leftFiles(): string[] {
    if (peer !== undefined) return [];
    const emptied = [
      'exec/containers',
      'exec/events',
      'exec/execs',
      'exec/netns',
      'exec/roots',
      'data/containers',
      'data/mounts',
      'data/snapshots/writable',
      'data/content/ingest',
    ];
    const directories = emptied.map((name) => path.join(this.root, name)).filter((name) => existsSync(name));
    const files = directories.flatMap((name) => readdirSync(name).map((entry) => path.join(name, entry)));
    return [...files, this.socketPath].filter((file) => existsSync(file)).map((file) => `file: ${file}`);
  }

  /** Refused by the kernel, and so left to be told, while it has a cgroup of a container in it. */
  #removeCgroupParent(): void {
    const hierarchies = readdirSync('/sys/fs/cgroup').map((name) => path.join('/sys/fs/cgroup', name));
    for (const hierarchy of ['/sys/fs/cgroup', ...hierarchies]) {
      const directory = path.join(hierarchy, this.#cgroupParent);
      if (!existsSync(directory)) continue;
      try {
        rmdirSync(directory);
      } catch (error) {
        if (!(error instanceof Error && 'code' in error && error.code === 'EBUSY')) throw error;
      }
    }
  }
}

/** Those that the default network has got stay for the next engine, as the bridge itself does. */
async function removeFurtherBridges(networkId: string): Promise<void> {
  if (networkId === '') return;
  const { stdout } = await run('ip', ['-o', 'link']);
  const names = stdout.matchAll(new RegExp(`\\b(?:gx\\d+|gj\\d+a)-${networkId.slice(0, 8)}\\b`, 'g'));
  for (const [name] of names) await run('ip', ['link', 'delete', name]);
}
