import { checkEngine } from '@gantry/client';
import { runEngineProgram } from '../../autostart/run-engine-program.ts';
import { CommandError } from '../../errors.ts';
import type { CommandHandler } from '../../invocation.ts';

/**
 * `gantry system fsck`: a line for each thing that does not fit; exit code 1 when any is left. With `--offline` gantryd looks
 * itself, at what an engine that does not run has left.
 */
export const fsckCommand: CommandHandler = async ({ flags, engine, environment, stdout }) => {
  if (flags.boolean('offline')) {
    if (flags.boolean('repair'))
      throw new CommandError(
        1,
        'conflicting options: --offline changes nothing; an engine repairs when it starts',
      );
    return await runEngineProgram(['--fsck'], environment);
  }
  const problems = await checkEngine(await engine(), { repair: flags.boolean('repair') });
  for (const { Kind, Object: object, Fact, Repaired } of problems) {
    stdout.write(`${Kind} ${object}: ${Fact}${Repaired ? ' (repaired)' : ''}\n`);
  }
  const left = problems.filter(({ Repaired }) => !Repaired);
  if (left.length === 0) stdout.write('everything fits\n');
  return left.length === 0 ? 0 : 1;
};
