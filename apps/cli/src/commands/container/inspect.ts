import { inspectRaw } from '@gantry/client';
import type { CommandHandler } from '../../invocation.ts';
import { printInspected } from '../../output/inspect-output.ts';

/** `gantry container inspect`. */
export const inspectCommand: CommandHandler = async ({ flags, args, engine, stdout }) => {
  const client = await engine();
  const size = flags.boolean('size');
  await printInspected(stdout, args, {
    format: flags.string('format'),
    read: (name) => inspectRaw(client, 'container', name, { size }),
  });
  return 0;
};
