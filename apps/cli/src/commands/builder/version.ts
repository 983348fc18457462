import type { CommandHandler } from '../../invocation.ts';
import { programVersion } from '../../program-version.ts';

/** `gantry builder version`: the builder is a part of the engine, and its client of this program. */
export const builderVersionCommand: CommandHandler = async ({ stdout }) => {
  stdout.write(`gantry ${programVersion}\n`);
  return 0;
};
