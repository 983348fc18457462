import { spawn } from 'node:child_process';
import path from 'node:path';
import { findEngineProgram } from '../../autostart/engine-program.ts';
import { CommandError } from '../../errors.ts';
import type { CommandHandler } from '../../invocation.ts';

/**
 * `gantry system doctor`: the checks live with the engine, so this runs `gantryd --doctor [--fix]` on this machine and hands
 * its output and exit code on. No engine need be running.
 */
export const doctorCommand: CommandHandler = async ({ flags, environment }) => {
  const program = findEngineProgram(environment['GANTRYD'], path.join(import.meta.dirname, besideUs));
  if (program === undefined)
    throw new CommandError(1, 'gantryd is not installed beside this program: set GANTRYD');
  const args = [...program.args, '--doctor', ...(flags.boolean('fix') ? ['--fix'] : [])];
  const child = spawn(program.command, args, { stdio: 'inherit' });
  return await new Promise((resolve, reject) => {
    child.once('error', (error) => reject(new CommandError(1, `cannot run gantryd: ${error.message}`)));
    child.once('exit', (code) => resolve(code ?? 1));
  });
};

/** From this module to the program's directory. */
const besideUs: string = import.meta.filename.endsWith('.ts') ? '../..' : '..';
