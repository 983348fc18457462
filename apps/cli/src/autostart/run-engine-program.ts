import { spawn } from 'node:child_process';
import path from 'node:path';
import { CommandError } from '../errors.ts';
import { findEngineProgram } from './engine-program.ts';

/**
 * Runs `gantryd` with `words` on this machine and hands its output and exit code on: for what lives with the engine and needs
 * none that runs. Throws `CommandError` when there is no gantryd beside us, or it cannot be run.
 */
export async function runEngineProgram(
  words: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): Promise<number> {
  const program = findEngineProgram(environment['GANTRYD'], path.join(import.meta.dirname, besideUs));
  if (program === undefined)
    throw new CommandError(1, 'gantryd is not installed beside this program: set GANTRYD');
  const child = spawn(program.command, [...program.args, ...words], { stdio: 'inherit' });
  return await new Promise((resolve, reject) => {
    child.once('error', (error) => reject(new CommandError(1, `cannot run gantryd: ${error.message}`)));
    child.once('exit', (code) => resolve(code ?? 1));
  });
}

/** From this module to the program's directory. */
const besideUs = '..';
