import { inspectRaw } from '@gantry/client';
import type { CommandHandler } from '../../invocation.ts';
import { printInspected } from '../../output/inspect-output.ts';

/** `gantry network inspect`. */
export const inspectCommand: CommandHandler = async ({ flags, args, engine, stdout }) => {
  const client = await engine();
  const verbose = flags.boolean('verbose');
  await printInspected(stdout, args, {
    format: flags.string('format'),
    read: (name) => inspectRaw(client, 'network', name, { verbose }),
  });
  return 0;
};
