import { control } from '@gantry/buildkit';
import { CommandError } from '../../errors.ts';
import type { CommandHandler } from '../../invocation.ts';
import { withControl } from './control.ts';
import { findRecord, listRecords } from './history-records.ts';

/** `gantry builder history rm`. What runs is left. */
export const historyRemoveCommand: CommandHandler = async (invocation) => {
  const { flags, args, stdout } = invocation;
  const all = flags.boolean('all');
  if (all && args.length > 0) throw new CommandError(1, 'ERROR: cannot specify refs when using --all');
  if (!all && args.length === 0)
    throw new CommandError(1, 'ERROR: "history rm" requires at least 1 argument, or --all');
  return await withControl(invocation, async (calls) => {
    const records = all
      ? (await listRecords(calls)).filter(({ completedAt }) => completedAt !== undefined)
      : await Promise.all(args.map((ref) => findRecord(calls, ref)));
    for (const { ref } of records) {
      await calls.unary(control.Control.updateBuildHistory, { ref, delete: true });
      if (!all) stdout.write(`${ref}\n`);
    }
    return 0;
  });
};
