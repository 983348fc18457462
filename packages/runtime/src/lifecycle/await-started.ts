import { readFileSync } from 'node:fs';
import type { ConsoleSocket } from '@gantry/kernel';
import type { ProcessFiles } from '../container-files.ts';
import { readExitFile, readInitPid } from '../processes/number-files.ts';
import type { WatchedProcess } from '../processes/watched-process.ts';
import { startFailure } from '../programs/start-failure.ts';
import type { RuntimeContext } from '../runtime-context.ts';

/** A start that is waited for; what is not the shim is for the message when it fails. */
export interface StartWait {
  shim: WatchedProcess;
  action: 'create' | 'exec';
  args: readonly string[];
  subject: string;
  signal?: AbortSignal | undefined;
}

/**
 * Waits until the OCI runtime has written the process's pid, 0.1 ms before its execve. Throws `StartFailedError` when the
 * runtime ended without; the abort reason when `signal` aborts.
 */
export async function awaitStarted(
  { events, program }: RuntimeContext,
  files: ProcessFiles,
  { shim, signal, ...said }: StartWait,
): Promise<{ pid: number; at: Date }> {
  let wake = Promise.withResolvers<void>();
  using subscriptions = new DisposableStack();
  for (const name of [files.pidEvent, files.exitEvent])
    subscriptions.use(events.subscribe(name, () => wake.resolve()));
  const onAbort = (): void => wake.resolve();
  signal?.addEventListener('abort', onAbort, { once: true });
  subscriptions.defer(() => signal?.removeEventListener('abort', onAbort));
  for (;;) {
    wake = Promise.withResolvers();
    signal?.throwIfAborted();
    // Asked first: the pid is written before either of these.
    const exit = readExitFile(files.exit);
    const isOver = !shim.isAlive || exit !== undefined;
    const started = readInitPid(files.initPid);
    if (started !== undefined) return started;
    if (isOver) {
      const log = readLog(files.log);
      throw startFailure(log, program.name, { ...said, ...exit });
    }
    await Promise.race([wake.promise, shim.died]);
  }
}

/**
 * Waits for the pty master that a starting process sends. When the start fails, its error is thrown: the OCI runtime may
 * have connected by then.
 */
export async function receiveTerminal(console: ConsoleSocket, starting: Promise<unknown>): Promise<number> {
  const failing = new AbortController();
  starting.catch((error: unknown) => failing.abort(error));
  try {
    return await console.receive(failing.signal);
  } catch (error) {
    await starting;
    throw error;
  }
}

/** What the OCI runtime said; empty when nothing. */
export function readLog(file: string): string {
  try {
    return readFileSync(file, 'utf8').slice(-maxLogLength);
  } catch {
    return '';
  }
}

const maxLogLength = 4096;
