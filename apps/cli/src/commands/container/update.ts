import { updateContainer } from '@gantry/client';
import { CommandError } from '../../errors.ts';
import type { CommandHandler } from '../../invocation.ts';
import { resourcesOf } from '../../options/resources.ts';
import { parseRestartPolicy } from '../../options/restart-policy.ts';
import { forEachName } from '../for-each.ts';

/** `gantry update`. Warnings come after the names. */
export const updateCommand: CommandHandler = async ({ flags, args, engine, stdout, stderr }) => {
  const request = {
    ...resourcesOf(flags),
    ...(flags.has('restart') && { RestartPolicy: parseRestartPolicy(flags.string('restart')) }),
  };
  if (Object.keys(request).length === 0) {
    throw new CommandError(1, 'you must provide one or more flags when using this command');
  }
  const client = await engine();
  const warnings: string[] = [];
  const update = async (name: string): Promise<void> => {
    const { Warnings: told } = await updateContainer(client, name, request);
    warnings.push(...(told ?? []));
  };
  try {
    await forEachName(args, update, { stdout });
  } finally {
    for (const warning of warnings) stderr.write(`${warning}\n`);
  }
  return 0;
};
