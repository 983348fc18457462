import { containerChanges } from '@gantry/client';
import type { CommandHandler } from '../../invocation.ts';

const letters = ['C', 'A', 'D'] as const;

/** `gantry diff`. */
export const diffCommand: CommandHandler = async ({ args, engine, stdout }) => {
  const changes = await containerChanges(await engine(), args[0] ?? '');
  stdout.write(changes.map(({ Kind, Path }) => `${letters[Kind]} ${Path}\n`).join(''));
  return 0;
};
