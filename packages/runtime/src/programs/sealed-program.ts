import { once } from 'node:events';
import { mkdirSync, rmSync, statSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { errorMessage, type Logger } from '@gantry/base';
import {
  type Descriptor,
  ProcessHandle,
  type ReadinessPoller,
  sealedCopy,
  spawnProcess,
} from '@gantry/kernel';
import { RuntimeCommandError } from '../errors.ts';
import { WatchedProcess } from '../processes/watched-process.ts';
import { nowhere } from '../shim/stdio.ts';
import { type OciProgram, programEnvironment } from './oci-program.ts';

export interface SealedProgramOptions {
  program: OciProgram;
  /** A folder of our own, for links. */
  folder: string;
  poller: ReadinessPoller;
  logger: Logger;
  /** Ends the trial of a copy that is under way. */
  closing: AbortSignal;
}

/** How to run a program: `file`, in a process that has `descriptor`, if there is one, under the number that was asked for. */
export interface Executable {
  file: string;
  descriptor?: number;
}

/**
 * The OCI runtime as a sealed copy in memory. A container may get hold of the program that starts it, and must not be able to
 * change it (CVE-2019-5736): crun therefore hides behind a mount that it makes and starts itself anew, unless it finds that it
 * is a sealed copy already. That is a quarter of what it needs for a start or an exec, so one copy is made for all. The first
 * who asks has it made and does not wait; where there is none, the program protects itself as ever.
 */
export class SealedProgram implements Disposable {
  readonly #options: SealedProgramOptions;
  /** Which file it was made of, and the copy once it is known to run. */
  #latest: { version: string; copy?: Descriptor } | undefined;
  /** Older ones too: a process may be about to be started from one. */
  readonly #copies = new DisposableStack();
  readonly #linked = new Set<number>();

  constructor(options: SealedProgramOptions) {
    this.#options = options;
  }

  /** For a process that gets the result's `descriptor`, when there is one, as its descriptor `number`. */
  asDescriptor(number: number): Executable {
    const { program } = this.#options;
    // runc is twenty times as large, and starts itself anew for other reasons too.
    if (program.name !== 'crun' || this.#copies.disposed) return { file: program.file };
    const version = versionOf(program.file);
    if (version !== undefined && version !== this.#latest?.version) this.#makeCopy(version);
    const copy = this.#latest?.copy;
    return copy === undefined ? { file: program.file } : { file: this.#link(number), descriptor: copy.fd };
  }

  [Symbol.dispose](): void {
    this.#copies.dispose();
  }

  /** Tried before it is used: a security module may forbid it. */
  #makeCopy(version: string): void {
    const { program, logger, closing } = this.#options;
    const latest: { version: string; copy?: Descriptor } = { version };
    this.#latest = latest;
    Promise.try(async () => {
      const copy = this.#copies.use(sealedCopy(program.file, program.name));
      await this.#try(copy);
      latest.copy = copy;
    }).catch((error: unknown) => {
      if (closing.aborted) return;
      logger.warn('the OCI runtime cannot be run from memory: starts are slower', {
        component: 'runtime',
        error: errorMessage(error),
      });
    });
  }

  async #try(copy: Descriptor): Promise<void> {
    const descriptors = [nowhere, nowhere, nowhere, copy.fd];
    const file = this.#link(descriptors.indexOf(copy.fd));
    const child = await spawnProcess({ file, args: ['--version'], env: programEnvironment, descriptors });
    const { poller, closing } = this.#options;
    using running = new WatchedProcess(new ProcessHandle(child), poller);
    const closed = closing.aborted ? undefined : once(closing, 'abort').then(() => undefined);
    const status = await Promise.race([running.died, closed]);
    if (closing.aborted) running.end();
    if (status?.exitCode === 0) return;
    throw new RuntimeCommandError(`${file} --version`, status?.exitCode ?? -1, 'run from memory');
  }

  /** A path that ends in the program's name, which `ps` shows. */
  #link(number: number): string {
    const { folder, program } = this.#options;
    const directory = path.join(folder, String(number));
    const link = path.join(directory, program.name);
    if (this.#linked.has(number)) return link;
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    rmSync(link, { force: true });
    symlinkSync(`/proc/self/fd/${number}`, link);
    this.#linked.add(number);
    return link;
  }
}

function versionOf(file: string): string | undefined {
  const found = statSync(file, { throwIfNoEntry: false });
  return found && `${found.ino} ${found.size} ${found.mtimeMs}`;
}
