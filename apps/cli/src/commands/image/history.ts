import { imageHistory } from '@gantry/client';
import type { CommandHandler } from '../../invocation.ts';
import { platformJson } from '../../options/platform.ts';
import { historyRow, historyView } from '../../output/image-rows.ts';
import { printList } from '../../output/list-output.ts';

/** `gantry history`. */
export const historyCommand: CommandHandler = async ({ flags, args, engine, stdout }) => {
  const human = flags.boolean('human');
  const platform = platformJson(flags.string('platform'));
  const items = await imageHistory(await engine(), args[0] ?? '', platform);
  const now = new Date();
  const rows = items.map((item) => historyRow(item, { full: flags.boolean('no-trunc'), human, now }));
  await printList(stdout, historyView(human), rows, {
    format: flags.string('format'),
    quiet: flags.boolean('quiet'),
  });
  return 0;
};
