import { runCli } from '../src/run-cli.ts';
import type { ProgramOptions, ProgramResult } from './run-program.ts';

// Times are printed in the process's zone.
process.env['TZ'] = 'UTC';

/** Runs the CLI within this process, a tenth of the time of a process of its own; for commands that neither read stdin nor attach. */
export async function callGantry(
  args: readonly string[],
  { host, environment = {} }: ProgramOptions,
): Promise<ProgramResult> {
  const printed = { stdout: '', stderr: '' };
  const output = (name: 'stdout' | 'stderr') => ({
    write: (data: string | Uint8Array): void => void (printed[name] += Buffer.from(data).toString('utf8')),
    isTerminal: false,
  });
  const code = await runCli({
    words: host === undefined ? args : ['-H', host, ...args],
    environment: { PATH: process.env['PATH'], HOME: '/nonexistent', TZ: 'UTC', ...environment },
    stdout: output('stdout'),
    stderr: output('stderr'),
  });
  return { code, ...printed };
}
