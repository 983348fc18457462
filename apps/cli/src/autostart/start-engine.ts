import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, watch } from 'node:fs';
import path from 'node:path';
import type { Output } from '@gantry/terminal';
import { CommandError } from '../errors.ts';
import { findEngineProgram } from './engine-program.ts';
import { isListening } from './is-listening.ts';
import { claimStart } from './start-claim.ts';

export interface StartOptions {
  readonly socketPath: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly stderr: Output;
  /** The file that the engine's output goes to. */
  readonly logFile?: string;
  readonly timeoutMs?: number;
}

const defaultLogFile = '/var/log/gantry/gantryd.log';
const defaultTimeoutMs = 30_000;

/**
 * Starts gantryd, detached, and resolves when it accepts connections. Of several callers at once one starts it and
 * the others wait. Throws `CommandError` with the last lines of the log when it ends or does not come up in time.
 */
export async function startEngine(options: StartOptions): Promise<void> {
  const { socketPath, environment, stderr } = options;
  if (process.getuid?.() !== 0) {
    throw failure(
      `nothing listens on ${socketPath}, and only root can start gantryd; start it, or run as root`,
    );
  }
  const program = findEngineProgram(environment['GANTRYD'], path.join(import.meta.dirname, besideUs));
  if (program === undefined) {
    throw failure(
      `nothing listens on ${socketPath}, and gantryd is not installed beside this program: set GANTRYD`,
    );
  }
  mkdirSync(path.dirname(socketPath), { recursive: true, mode: 0o755 });
  using claim = claimStart(`${socketPath}.start`);
  const logFile = options.logFile ?? defaultLogFile;
  const child = claim.held ? spawnDetached(program, logFile) : undefined;
  const waited = await waitForSocket(socketPath, child?.ended, options.timeoutMs ?? defaultTimeoutMs);
  if (waited === 'listening') {
    if (child !== undefined) stderr.write(`gantryd was not running: started it (process ${child.pid})\n`);
    return;
  }
  const reason = waited === 'ended' ? 'gantryd ended at once' : 'gantryd does not listen yet';
  throw failure(`cannot start the engine: ${reason}; the end of ${logFile}:\n${lastLines(logFile)}`);
}

/** From this module to the program's directory: in a bundle it is in `chunks`, in a checkout in a folder of its own. */
const besideUs = '..';

interface Spawned {
  readonly pid: number;
  readonly ended: Promise<void>;
}

function spawnDetached(
  { command, args }: { command: string; args: readonly string[] },
  logFile: string,
): Spawned {
  mkdirSync(path.dirname(logFile), { recursive: true, mode: 0o750 });
  const log = openSync(logFile, 'a', 0o640);
  try {
    const child = spawn(command, args, { cwd: '/', detached: true, stdio: ['ignore', log, log] });
    const ended = new Promise<void>((resolve) => {
      child.once('exit', () => resolve());
      child.once('error', () => resolve());
    });
    child.unref();
    return { pid: child.pid ?? 0, ended };
  } finally {
    closeSync(log);
  }
}

/** Tries to connect at every change beside the socket, and every so often for changes that go unseen. */
async function waitForSocket(
  socketPath: string,
  ended: Promise<void> | undefined,
  timeoutMs: number,
): Promise<'listening' | 'ended' | 'timeout'> {
  const deadline = performance.now() + timeoutMs;
  let over = false;
  let wake: () => void = () => {};
  const watcher = watch(path.dirname(socketPath), () => wake());
  const timer = setInterval(() => wake(), pollMs);
  void ended?.then(() => {
    over = true;
    wake();
  });
  try {
    for (;;) {
      const wasOver = over;
      const changed = new Promise<void>((resolve) => (wake = resolve));
      if (await isListening(socketPath)) return 'listening';
      if (wasOver) return 'ended';
      if (performance.now() > deadline) return 'timeout';
      await changed;
    }
  } finally {
    watcher.close();
    clearInterval(timer);
  }
}

const pollMs = 100;
const lastBytes = 4096;

function lastLines(file: string): string {
  try {
    return readFileSync(file, 'utf8').slice(-lastBytes).trimEnd().split('\n').slice(-10).join('\n');
  } catch (error) {
    return `(no log: ${(error as Error).message})`;
  }
}

function failure(message: string): CommandError {
  return new CommandError(1, message, { kind: 'unavailable', code: 'engine-not-started' });
}
