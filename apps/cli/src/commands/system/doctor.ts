import { runEngineProgram } from '../../autostart/run-engine-program.ts';
import type { CommandHandler } from '../../invocation.ts';

/** `gantry system doctor`: the checks live with the engine, `gantryd --doctor [--fix]`. No engine need be running. */
export const doctorCommand: CommandHandler = async ({ flags, environment }) =>
  await runEngineProgram(['--doctor', ...(flags.boolean('fix') ? ['--fix'] : [])], environment);
