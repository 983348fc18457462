import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { StringDecoder } from 'node:string_decoder';
import { ProgramMissingError } from '../errors.ts';

export interface ProgramOptions {
  /** The Debian package that has the program, and what it is needed for: for the error when it is not there. */
  packageName: string;
  purpose: string;
  /** What the user knows it by, where the command begins with a wrapper. */
  program?: string;
  /** Set for the program, beside the environment that the engine has. */
  variables?: Readonly<Record<string, string>>;
  directory?: string;
  /** Kills the program, and all that it started when it is `contained`. */
  signal?: AbortSignal;
  /** Each line of its standard error. */
  onErrorLine?: (line: string) => void;
}

/** What a program said and how it ended. */
export interface ProgramResult {
  /** Null when a signal ended it. */
  exitCode: number | null;
  stdout: string;
  /** The last 64 kB. */
  stderr: string;
}

const keptBytes = 64 * 1024;
const maxOutputBytes = 16 * 2 ** 20;
const notFoundCode = 127;

/** Runs a program to its end, whatever its exit code. Throws `ProgramMissingError`, and the signal's reason. */
export async function runProgram(
  command: readonly string[],
  options: ProgramOptions,
): Promise<ProgramResult> {
  const running = startProgram(command, options);
  const chunks: Buffer[] = [];
  let length = 0;
  running.child.stdout?.on('data', (chunk: Buffer) => {
    length += chunk.length;
    if (length <= maxOutputBytes) chunks.push(chunk);
  });
  const exitCode = await running.ended();
  return { exitCode, stdout: Buffer.concat(chunks).toString(), stderr: running.stderr() };
}

/**
 * A program's standard output. Iterating ends without an error only when the program ended with 0; otherwise it throws
 * what `failure` makes of the result. Leaving early kills it.
 */
export async function* programOutput(
  command: readonly string[],
  options: ProgramOptions,
  failure: (result: ProgramResult) => Error,
): AsyncGenerator<Uint8Array> {
  const running = startProgram(command, options);
  let isOver = false;
  try {
    for await (const chunk of running.child.stdout ?? []) yield chunk as Uint8Array;
    const exitCode = await running.ended();
    isOver = true;
    if (exitCode !== 0) throw failure({ exitCode, stdout: '', stderr: running.stderr() });
  } finally {
    if (!isOver) {
      running.child.kill('SIGKILL');
      await running.ended().catch(() => {});
    }
  }
}

interface RunningProgram {
  child: ChildProcess;
  stderr: () => string;
  ended: () => Promise<number | null>;
}

function startProgram(command: readonly string[], options: ProgramOptions): RunningProgram {
  options.signal?.throwIfAborted();
  const variables = Object.entries(options.variables ?? {}).map(([name, value]) => `${name}=${value}`);
  const child = spawn('env', [...variables, ...command], {
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(options.directory === undefined ? {} : { cwd: options.directory }),
  });
  let kept = '';
  readLines(child, (line) => {
    kept = `${kept}${line}\n`.slice(-keptBytes);
    options.onErrorLine?.(line);
  });
  const kill = (): void => void child.kill('SIGKILL');
  options.signal?.addEventListener('abort', kill, { once: true });
  const closed = once(child, 'close') as Promise<[number | null]>;
  // Whoever awaits `ended` gets it; nobody may be there yet.
  closed.catch(() => {});
  return {
    child,
    stderr: () => kept,
    ended: () => end(closed, kill, { ...options, program: options.program ?? command[0] ?? '' }),
  };
}

async function end(
  closed: Promise<[number | null]>,
  kill: () => void,
  { signal, program, packageName, purpose }: ProgramOptions & { program: string },
): Promise<number | null> {
  const [exitCode] = await closed;
  signal?.removeEventListener('abort', kill);
  signal?.throwIfAborted();
  if (exitCode === notFoundCode) throw new ProgramMissingError(program, packageName, purpose);
  return exitCode;
}

function readLines(child: ChildProcess, onLine: (line: string) => void): void {
  const decoder = new StringDecoder('utf8');
  let open = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    const lines = (open + decoder.write(chunk)).split('\n');
    open = (lines.pop() ?? '').slice(-keptBytes);
    for (const line of lines) onLine(line);
  });
  child.stderr?.on('end', () => {
    if (open !== '') onLine(open);
  });
}
