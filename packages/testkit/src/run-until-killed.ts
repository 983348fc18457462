import { spawn } from 'node:child_process';

/**
 * Runs a program of Node.js that tells each thing it has made durable by a line, and kills it with -9 once it has told more than
 * `lines`. Resolves with the whole lines when it is gone. Throws when it ended by itself.
 */
export async function runUntilKilled(
  program: string,
  args: readonly string[],
  lines: number,
): Promise<string[]> {
  const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString();
    if (output.split('\n').length > lines) child.kill('SIGKILL');
  });
  return await new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (_code, signal) => {
      if (signal === 'SIGKILL') resolve(output.split('\n').slice(0, -1));
      else reject(new Error(`the process ended by itself: ${errors}`));
    });
  });
}
