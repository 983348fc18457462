import { spawn } from 'node:child_process';
import path from 'node:path';

export interface ProgramResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ProgramOptions {
  /** `-H`; left to the environment when missing. */
  readonly host?: string;
  readonly input?: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

const main = path.join(import.meta.dirname, '../src/main.ts');

/** Runs this repository's CLI from its sources against `host`. Without `--`, Node takes `--env-file` for itself. */
export function runGantry(args: readonly string[], options: ProgramOptions): Promise<ProgramResult> {
  return run(process.execPath, ['--', main, ...hostFlag(options), ...args], options);
}

/** Runs the real docker CLI against `host`. */
export function runDocker(args: readonly string[], options: ProgramOptions): Promise<ProgramResult> {
  return run('docker', [...hostFlag(options), ...args], options);
}

function hostFlag({ host }: ProgramOptions): string[] {
  return host === undefined ? [] : ['-H', host];
}

function run(command: string, args: readonly string[], options: ProgramOptions): Promise<ProgramResult> {
  const { input = '', environment = {}, cwd } = options;
  const child = spawn(command, args, {
    stdio: 'pipe',
    env: { PATH: process.env['PATH'], HOME: '/nonexistent', TZ: 'UTC', ...environment },
    ...(cwd === undefined ? {} : { cwd }),
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code: code ?? -1, stdout, stderr }));
  });
}
