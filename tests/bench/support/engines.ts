import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { busyboxArchive } from '../../support/busybox-image.ts';
import { run } from '../../support/processes.ts';

const programs = path.resolve(import.meta.dirname, '../../../dist');
const longestSaidBytes = 64 * 1024;

/** An engine under measurement: its socket, and its CLI as argv. */
export interface MeasuredEngine extends AsyncDisposable {
  readonly name: string;
  readonly socketPath: string;
  readonly pid: number;
  readonly cli: readonly [string, ...string[]];
}

export interface GantryOptions {
  /** Node.js's own, such as `--import`. */
  nodeFlags?: readonly string[];
  /** Without an image nothing has been done yet. */
  withImage?: boolean;
}

/** A gantryd of its own, as it is shipped, with `mirror/busybox` in it. */
export async function startGantry(options: GantryOptions = {}): Promise<MeasuredEngine> {
  const { nodeFlags = [], withImage = true } = options;
  const roots = new Roots('gantry');
  const bridge = `gb${process.pid % 100_000}`;
  const child = spawn(
    process.execPath,
    [
      ...nodeFlags,
      path.join(programs, 'gantryd.js'),
      '--bridge',
      bridge,
      ...roots.flags,
      '--pidfile',
      roots.pidFile,
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  await said(child, '"message":"ready"');
  const cli = [
    process.execPath,
    path.join(programs, 'gantry.js'),
    '-H',
    `unix://${roots.socketPath}`,
  ] as const;
  const engine = measured('gantryd', { child, roots, cli });
  if (withImage) await loadInto(engine);
  return engine;
}

/**
 * A dockerd of its own with `mirror/busybox` in it; undefined where none is installed. `GANTRY_BENCH_PEER_PATH` names directories that
 * are looked into before those of PATH, for another version with the containerd that it wants.
 */
export async function startDockerd(): Promise<MeasuredEngine | undefined> {
  const { GANTRY_BENCH_PEER_PATH: own, PATH = '' } = process.env;
  const env = { ...process.env, PATH: own === undefined ? PATH : `${own}:${PATH}` };
  const version = await run('dockerd', ['--version'], { env }).catch(() => undefined);
  if (version === undefined) return undefined;
  const roots = new Roots('peer');
  const child = spawn('dockerd', [...roots.flags, '--pidfile', roots.pidFile], {
    env,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  await said(child, 'API listen on');
  const name = version.stdout.replace(/^Docker version (\d+\.\d+).*$/s, 'dockerd $1');
  const engine = measured(name, { child, roots, cli: ['docker', '-H', `unix://${roots.socketPath}`] });
  await loadInto(engine);
  return engine;
}

/** Where an engine keeps what: data on the disk of /tmp, the rest where programs have it, which is memory. */
class Roots {
  readonly data: string;
  readonly run: string;

  constructor(name: string) {
    this.data = mkdtempSync(`/tmp/gantry-bench-${name}-`);
    this.run = mkdtempSync(`/run/gantry-bench-${name}-`);
  }

  get socketPath(): string {
    return `${this.run}/engine.sock`;
  }

  get pidFile(): string {
    return `${this.run}/pid`;
  }

  get flags(): string[] {
    return ['-H', `unix://${this.socketPath}`, '--data-root', this.data, '--exec-root', `${this.run}/exec`];
  }

  remove(): void {
    const script = 'grep -oE " ($0|$1)[^ ]*" /proc/self/mounts | sort -r | xargs -r umount -l';
    execFileSync('sh', ['-c', script, this.data, this.run]);
    for (const root of [this.data, this.run]) rmSync(root, { recursive: true, force: true });
  }
}

function measured(
  name: string,
  { child, roots, cli }: { child: ChildProcess; roots: Roots; cli: MeasuredEngine['cli'] },
): MeasuredEngine {
  return {
    name,
    socketPath: roots.socketPath,
    pid: Number(readFileSync(roots.pidFile, 'utf8')),
    cli,
    [Symbol.asyncDispose]: async () => {
      await removeContainers(cli);
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await ended;
      roots.remove();
    },
  };
}

/** What a benchmark that failed left running would outlive its engine. */
async function removeContainers([command, ...args]: MeasuredEngine['cli']): Promise<void> {
  const { stdout } = await run(command, [...args, 'ps', '-aq']);
  const ids = stdout.split('\n').filter((id) => id !== '');
  if (ids.length > 0) await run(command, [...args, 'rm', '-f', '-v', ...ids]);
}

/** Resolves when the program has said `text` on stderr. Rejects with all it said when it ends before. */
function said(child: ChildProcess, text: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let all = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    if (all.length < longestSaidBytes) all += chunk.toString();
    if (all.includes(text)) resolve();
  });
  child.once('exit', () => reject(new Error(`${child.spawnfile} did not come up:\n${all}`)));
  return promise;
}

async function loadInto(engine: MeasuredEngine): Promise<void> {
  const [command, ...args] = engine.cli;
  const finished = await run(command, [...args, 'load'], { stdin: await busyboxArchive() });
  if (finished.exitCode !== 0) throw new Error(`${engine.name} cannot load: ${finished.stderr}`);
}
