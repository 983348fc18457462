import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type Clock, errorMessage, type Logger } from '@gantry/base';
import { type CgroupLayout, contained, removeEmptiedCgroup } from '@gantry/kernel';
import type { RuntimeSeccomp, RuntimeSpec } from '@gantry/oci';
import { RuntimeCommandError } from '../errors.ts';
import type { OciProgram } from './oci-program.ts';
import { instructionBytes, shortenFilter } from './shorten-filter.ts';

/** crun takes a compiled filter from it, base64, in place of `linux.seccomp`; exec then uses it too. */
const annotation = 'run.oci.seccomp_bpf_data';
/** BPF_MAXINSNS of the kernel. */
const longestFilterBytes = 4096 * instructionBytes;
const keptFilters = 16;
const containerName = 'seccomp-filter';

export interface SeccompFiltersOptions {
  program: OciProgram;
  cgroups: CgroupLayout;
  /** A folder of our own, made and emptied at will. */
  workFolder: string;
  clock: Clock;
  logger: Logger;
  /** Ends a compilation that is under way. */
  closing: AbortSignal;
}

/**
 * Compiled seccomp profiles. libseccomp takes 8 ms to compile Docker's, as long as all else that crun does for a start, and
 * crun compiles at each start. It keeps the result in its state folder: the first container with a profile makes a
 * container be created in the background, never started, from whose state the filter is taken for all that follow. That
 * container lives in a pid namespace which goes with the compilation, and with the engine. A program other than crun, or
 * one that does not know the annotation, goes by the profile, which stays in the spec.
 */
export class SeccompFilters {
  readonly #options: SeccompFiltersOptions;
  /** By profile as JSON. */
  readonly #filters = new Map<string, CompiledFilter>();
  #compiling: Promise<void> = Promise.resolve();

  constructor(options: SeccompFiltersOptions) {
    this.#options = options;
    mkdirSync(options.workFolder, { recursive: true, mode: 0o700 });
    this.#compiling = this.#discardLeft().catch((error: unknown) => this.#warn('not cleared away', error));
  }

  /**
   * Before each start. The first container with a profile has it compiled and does not wait; those that come meanwhile
   * do, at most a second: in a burst of starts each crun would compile for itself else, and hold 1 MB for as long as its
   * container lives.
   */
  async prepare(spec: RuntimeSpec): Promise<void> {
    const profile = spec.linux.seccomp;
    if (profile === undefined || this.#options.program.name !== 'crun') return;
    const key = JSON.stringify(profile);
    const filter = this.#filters.get(key);
    if (filter === undefined) this.#compileInBackground(key, profile);
    if (filter === undefined || filter.isDone) return;
    const limit = new AbortController();
    await Promise.race([filter.done, this.#options.clock.sleep(longestWaitMs, limit.signal)]);
    limit.abort();
  }

  /** `spec` with the compiled filter of its profile, if there is one by now. */
  apply(spec: RuntimeSpec): RuntimeSpec {
    const profile = spec.linux.seccomp;
    const filter = profile === undefined ? undefined : this.#filters.get(JSON.stringify(profile));
    if (filter === undefined || filter.base64 === '') return spec;
    return { ...spec, annotations: { ...spec.annotations, [annotation]: filter.base64 } };
  }

  /** Resolves when nothing is being compiled. */
  async idle(): Promise<void> {
    await this.#compiling;
  }

  #compileInBackground(key: string, profile: RuntimeSeccomp): void {
    if (this.#filters.size >= keptFilters) return;
    const { promise: done, resolve } = Promise.withResolvers<void>();
    const filter: CompiledFilter = { base64: '', isDone: false, done };
    this.#filters.set(key, filter);
    const settle = (base64: string): void => {
      filter.base64 = base64;
      filter.isDone = true;
      resolve();
    };
    this.#compiling = this.#compiling
      .then(() => this.#compile(profile, settle))
      .catch((error: unknown) => {
        settle('');
        if (!this.#options.closing.aborted) this.#warn('not compiled ahead; starts are slower', error);
      });
  }

  #warn(what: string, error: unknown): void {
    this.#options.logger.warn(`a seccomp profile was ${what}`, { error: errorMessage(error) });
  }

  /** Those who wait get the filter before what made it is removed. */
  async #compile(profile: RuntimeSeccomp, settle: (base64: string) => void): Promise<void> {
    this.#options.closing.throwIfAborted();
    const folder = mkdtempSync(path.join(this.#options.workFolder, 'filter-'));
    try {
      makeBundle(folder, profile);
      const state = path.join(folder, 'state');
      await this.#run(['--root', state, 'create', '--bundle', folder, containerName]);
      const filter = shortenFilter(readFilter(path.join(state, containerName, 'seccomp.bpf')));
      settle(filter.toString('base64'));
    } finally {
      await this.#discard(folder);
    }
  }

  /** What an engine left that died while it compiled. */
  async #discardLeft(): Promise<void> {
    const { workFolder } = this.#options;
    for (const name of readdirSync(workFolder)) await this.#discard(path.join(workFolder, name));
  }

  /** Its processes are dead by now, or about to be. */
  async #discard(folder: string): Promise<void> {
    await removeEmptiedCgroup(this.#options.cgroups, cgroupOf(folder), this.#options.clock);
    rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 10 });
  }

  /** Nothing of its stdio is ours: a created container keeps that open. */
  #run(args: readonly string[]): Promise<void> {
    const { program, closing } = this.#options;
    const [command = '', ...rest] = contained([program.file, ...args]);
    return new Promise((resolve, reject) => {
      const child = spawn(command, rest, {
        stdio: 'ignore',
        timeout: 30_000,
        signal: closing,
        killSignal: 'SIGKILL',
      });
      let failure: Error | undefined;
      child.on('error', (error) => {
        failure = error;
        if (child.pid === undefined) reject(error);
      });
      child.on('exit', (code) => {
        if (code === 0) resolve();
        else reject(failure ?? new RuntimeCommandError(`${program.name} create`, code ?? -1, 'see its log'));
      });
    });
  }
}

interface CompiledFilter {
  /** Empty while it is compiled, and where that failed. */
  base64: string;
  isDone: boolean;
  done: Promise<void>;
}

const longestWaitMs = 1000;

/** A cgroup of its own for each folder on this machine. */
function cgroupOf(folder: string): string {
  return `/gantry-seccomp-${createHash('sha256').update(folder).digest('hex').slice(0, 12)}`;
}

/** The least that a container can be created from. */
function makeBundle(folder: string, seccomp: RuntimeSeccomp): void {
  const rootfs = path.join(folder, 'rootfs');
  // crun opens /dev, whether it mounts anything there or not.
  mkdirSync(path.join(rootfs, 'dev'), { recursive: true, mode: 0o700 });
  writeFileSync(path.join(rootfs, 'never-run'), '', { mode: 0o700 });
  const spec: RuntimeSpec = {
    ociVersion: '1.0.2',
    process: { user: { uid: 0, gid: 0 }, args: ['/never-run'], cwd: '/' },
    root: { path: rootfs },
    mounts: [],
    linux: {
      cgroupsPath: cgroupOf(folder),
      namespaces: [{ type: 'pid' }, { type: 'mount' }, { type: 'network' }],
      seccomp,
    },
  };
  writeFileSync(path.join(folder, 'config.json'), JSON.stringify(spec), { mode: 0o600 });
}

function readFilter(file: string): Buffer {
  const filter = readFileSync(file);
  if (filter.length === 0 || filter.length > longestFilterBytes || filter.length % instructionBytes !== 0) {
    throw new RuntimeCommandError('crun create', 0, `${file} is no filter`);
  }
  return filter;
}
