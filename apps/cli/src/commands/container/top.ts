import { topContainer } from '@gantry/client';
import { alignColumns } from '@gantry/terminal';
import type { CommandHandler } from '../../invocation.ts';

/** `gantry top`. */
export const topCommand: CommandHandler = async ({ args, engine, stdout }) => {
  const [name = '', ...psArguments] = args;
  const { Titles, Processes } = await topContainer(await engine(), name, psArguments.join(' ') || undefined);
  const lines = [Titles ?? [], ...(Processes ?? [])].map((cells) => cells.join('\t'));
  stdout.write(`${alignColumns(lines.join('\n'), { minWidth: 20, padding: 3 })}\n`);
  return 0;
};
