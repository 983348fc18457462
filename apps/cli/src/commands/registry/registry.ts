import { spawn } from 'node:child_process';
import path from 'node:path';
import { findProgram } from '../../autostart/engine-program.ts';
import { CommandError } from '../../errors.ts';
import type { CommandHandler } from '../../invocation.ts';

const forwarded: readonly NodeJS.Signals[] = ['SIGTERM', 'SIGINT', 'SIGHUP'];

/**
 * `gantry registry …`: `gantry-registry` with the same words, which `GANTRY_REGISTRY_PROGRAM` names or which is beside us. Its
 * output, its signals and its exit code are this program's.
 */
export const registryCommand: CommandHandler = async ({ args, environment }) => {
  const named = environment['GANTRY_REGISTRY_PROGRAM'];
  const directory = path.join(import.meta.dirname, besideUs);
  const program = findProgram(named, directory, { bundle: 'gantry-registry.js', app: 'registry' });
  if (program === undefined) {
    throw new CommandError(1, 'gantry-registry is not installed beside this program');
  }
  const child = spawn(program.command, [...program.args, ...args], { stdio: 'inherit' });
  for (const signal of forwarded) process.on(signal, () => child.kill(signal));
  return await new Promise((resolve, reject) => {
    child.once('error', (error) =>
      reject(new CommandError(1, `cannot run gantry-registry: ${error.message}`)),
    );
    child.once('exit', (code) => resolve(code ?? 1));
  });
};

/** From this module to the program's directory; in a bundle from `chunks`. */
const besideUs: string = import.meta.filename.endsWith('.ts') ? '../..' : '..';
