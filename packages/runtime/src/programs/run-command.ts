import { execFile } from 'node:child_process';
import { errorMessage } from '@gantry/base';
import { RuntimeCommandError } from '../errors.ts';
import type { RuntimeContext } from '../runtime-context.ts';

/** Runs a command of the OCI runtime that is short and rare. Throws `RuntimeCommandError`. */
export function runCommand(
  { program }: Pick<RuntimeContext, 'program'>,
  args: readonly string[],
): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(
      program.file,
      [...(program.args ?? []), ...args],
      { timeout: 30_000 },
      (error, stdout, stderr) => {
        if (error === null) resolve(stdout);
        else {
          const code = typeof error.code === 'number' ? error.code : -1;
          const text = stderr.trim() === '' ? errorMessage(error) : stderr.trim();
          reject(new RuntimeCommandError(`${program.name} ${args.at(2) ?? ''}`, code, text));
        }
      },
    );
  });
}
