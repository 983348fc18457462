import { CommandError } from '../../errors.ts';
import type { CommandHandler } from '../../invocation.ts';
import { withControl } from './control.ts';
import { findRecord } from './history-records.ts';

/** `gantry builder history open`: Docker's opens Docker Desktop, which does not show this engine's builds. */
export const historyOpenCommand: CommandHandler = async (invocation) => {
  const { ref } = await withControl(invocation, (calls) => findRecord(calls, invocation.args[0] ?? ''));
  throw new CommandError(
    1,
    `ERROR: there is no Docker Desktop to open the build in; see gantry builder history inspect ${ref} and logs ${ref}`,
    { kind: 'not-implemented', code: 'not-built' },
  );
};
