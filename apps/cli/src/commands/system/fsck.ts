import { checkEngine } from '@gantry/client';
import type { CommandHandler } from '../../invocation.ts';

/** `gantry system fsck`: a line for each thing that does not fit; exit code 1 when any is left. */
export const fsckCommand: CommandHandler = async ({ flags, engine, stdout }) => {
  const problems = await checkEngine(await engine(), { repair: flags.boolean('repair') });
  for (const { Kind, Object: object, Fact, Repaired } of problems) {
    stdout.write(`${Kind} ${object}: ${Fact}${Repaired ? ' (repaired)' : ''}\n`);
  }
  const left = problems.filter(({ Repaired }) => !Repaired);
  if (left.length === 0) stdout.write('everything fits\n');
  return left.length === 0 ? 0 : 1;
};
