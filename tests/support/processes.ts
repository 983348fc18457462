import { spawn } from 'node:child_process';

/** What a program printed and how it ended. */
export interface Finished {
  exitCode: number;
  signal: NodeJS.Signals | null;
  stdout: string;
  /** The same, for what is no text. */
  stdoutBytes: Buffer;
  stderr: string;
}

export interface RunOptions {
  stdin?: string | Uint8Array;
  env?: Record<string, string>;
  cwd?: string;
  /** The program is killed and the promise rejected after this long. */
  timeoutMs?: number;
}

/** Runs a program to its end. Rejects only when it cannot be started or does not end in time. */
export function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<Finished> {
  const { promise, resolve, reject } = Promise.withResolvers<Finished>();
  const child = spawn(command, args, {
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
  child.stdin.on('error', () => {});
  child.stdin.end(options.stdin);
  const timer = setTimeout(() => {
    child.kill('SIGKILL');
    reject(
      new Error(
        `${command} ${args.join(' ')} did not end; it printed:\n${Buffer.concat([...stdout, ...stderr])}`,
      ),
    );
  }, options.timeoutMs ?? 60_000);
  child.on('error', reject);
  child.on('close', (code, signal) => {
    clearTimeout(timer);
    const stdoutBytes = Buffer.concat(stdout);
    resolve({
      exitCode: code ?? 128,
      signal,
      stdout: stdoutBytes.toString(),
      stdoutBytes,
      stderr: Buffer.concat(stderr).toString(),
    });
  });
  return promise;
}
