import { containerLogs, inspectContainer } from '@gantry/client';
import type { CommandHandler } from '../../invocation.ts';
import { parseTimestamp } from '../../options/timestamp.ts';
import { copyOutput } from '../../streams/copy-output.ts';

/** `gantry logs`. */
export const logsCommand: CommandHandler = async ({ flags, args, engine, stdout, stderr }) => {
  const now = new Date();
  const query = {
    stdout: true,
    stderr: true,
    follow: flags.boolean('follow'),
    timestamps: flags.boolean('timestamps'),
    details: flags.boolean('details'),
    since: parseTimestamp(flags.string('since'), now, 'since'),
    until: parseTimestamp(flags.string('until'), now, 'until'),
    tail: flags.string('tail'),
  };
  const client = await engine();
  const { Id = '', Config } = await inspectContainer(client, args[0] ?? '');
  await copyOutput(await containerLogs(client, Id, query), Config?.Tty ?? false, { stdout, stderr });
  return 0;
};
