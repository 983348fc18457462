import { control } from '@gantry/buildkit';
import { eventsOf } from '../../build/solve-events.ts';
import { CommandError } from '../../errors.ts';
import type { CommandHandler } from '../../invocation.ts';
import { BuildTrace } from '../../progress/build-trace.ts';
import { chooseDisplay } from '../../progress/choose-display.ts';
import { withControl } from './control.ts';
import { findRecord } from './history-records.ts';

/** `gantry builder history logs`: the progress of a build once more; of one that runs, until it ends. */
export const historyLogsCommand: CommandHandler = async (invocation) => {
  const { flags, args, stdout, environment } = invocation;
  const mode = flags.string('progress');
  if (!['plain', 'rawjson', 'tty'].includes(mode)) {
    throw new CommandError(1, `ERROR: unknown progress mode ${mode} not supported`);
  }
  return await withControl(invocation, async (calls) => {
    const { ref } = await findRecord(calls, args[0] ?? '');
    const display = chooseDisplay(stdout, { mode, trace: new BuildTrace(), environment, title: '' });
    for await (const response of calls.serverStream(control.Control.status, { ref }))
      display.show(eventsOf(response));
    display.end();
    return 0;
  });
};
