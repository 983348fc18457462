import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';

export interface ProgramResult {
  /** Null when a signal ended it. */
  code: number | null;
  output: string;
  errors: string;
}

/** Runs a program of the host with `input` on its standard input; no shell. `onStart` learns its process id. Rejects when it cannot be started. */
export async function runProgram(
  command: string,
  args: readonly string[],
  { input = '', onStart }: { input?: string; onStart?: (pid: number) => void } = {},
): Promise<ProgramResult> {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  const exit = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (child.pid !== undefined) onStart?.(child.pid);
  // A program that ends early breaks the pipe; its exit code and words say why.
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  const [code, output, errors] = await Promise.all([exit, text(child.stdout), text(child.stderr)]);
  return { code, output, errors };
}
