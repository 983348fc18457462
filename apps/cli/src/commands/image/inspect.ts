import { inspectRaw } from '@gantry/client';
import type { CommandHandler } from '../../invocation.ts';
import { platformJson } from '../../options/platform.ts';
import { printInspected } from '../../output/inspect-output.ts';

/** `gantry image inspect`. */
export const inspectCommand: CommandHandler = async ({ flags, args, engine, stdout }) => {
  const client = await engine();
  const platform = platformJson(flags.string('platform'));
  await printInspected(stdout, args, {
    format: flags.string('format'),
    read: (name) => inspectRaw(client, 'image', name, { platform }),
  });
  return 0;
};
