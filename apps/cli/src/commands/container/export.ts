import { exportContainer } from '@gantry/client';
import { CommandError } from '../../errors.ts';
import type { CommandHandler } from '../../invocation.ts';
import { checkOutputPath, writeArchiveFile } from '../../output/archive-file.ts';

/** `gantry export`. A file appears only when it is whole. */
export const exportCommand: CommandHandler = async ({ flags, args, engine, stdout }) => {
  const file = flags.string('output');
  if (file === '' && stdout.isTerminal) {
    throw new CommandError(1, 'cowardly refusing to save to a terminal. Use the -o flag or redirect');
  }
  if (file !== '') checkOutputPath(file, 'export container');
  const archive = await exportContainer(await engine(), args[0] ?? '');
  if (file !== '') await writeArchiveFile(file, archive);
  else for await (const chunk of archive) stdout.write(chunk);
  return 0;
};
