import { createReadStream } from 'node:fs';
import { importImage, loadImages, saveImages } from '@gantry/client';
import { ProgressPrinter, windowSize } from '@gantry/terminal';
import { CommandError } from '../../errors.ts';
import type { CommandHandler } from '../../invocation.ts';
import { platformsJson } from '../../options/platform.ts';
import { checkOutputPath, writeArchiveFile } from '../../output/archive-file.ts';

/** `gantry load`. */
export const loadCommand: CommandHandler = async ({ flags, engine, stdout }) => {
  const file = flags.string('input');
  if (file === '' && process.stdin.isTTY) {
    throw new CommandError(1, 'requested load from stdin, but stdin is empty');
  }
  const archive = file === '' ? process.stdin : await openFile(file);
  const platforms = platformsJson(flags.list('platform'));
  const messages = await loadImages(await engine(), archive, {
    quiet: flags.boolean('quiet') || !stdout.isTerminal,
    ...(platforms === undefined ? {} : { platforms }),
  });
  const printer = new ProgressPrinter(stdout, windowSize(1)?.columns ?? 80);
  for await (const message of messages) printer.print(message);
  return 0;
};

/** `gantry save`. A file appears only when it is whole. */
export const saveCommand: CommandHandler = async ({ flags, args, engine, stdout }) => {
  const file = flags.string('output');
  if (file === '' && stdout.isTerminal) {
    throw new CommandError(1, 'cowardly refusing to save to a terminal. Use the -o flag or redirect');
  }
  if (file !== '') checkOutputPath(file, 'save image');
  const platforms = platformsJson(flags.list('platform'));
  const archive = await saveImages(await engine(), args, platforms === undefined ? {} : { platforms });
  if (file !== '') await writeArchiveFile(file, archive);
  else for await (const chunk of archive) stdout.write(chunk);
  return 0;
};

/** `gantry import`: from a file, from stdin, or from a URL that the engine reads. */
export const importCommand: CommandHandler = async ({ flags, args, engine, stdout }) => {
  const [source = '', reference] = args;
  const isUrl = /^(?:https?|ftp):\/\//.test(source);
  const messages = await importImage(await engine(), {
    fromSource: isUrl ? source : '-',
    archive: isUrl ? undefined : source === '-' ? process.stdin : await openFile(source),
    repository: reference,
    message: flags.string('message') || undefined,
    changes: flags.list('change'),
    platform: flags.string('platform') || undefined,
  });
  const printer = new ProgressPrinter(stdout, windowSize(1)?.columns ?? 80);
  for await (const message of messages) printer.print(message);
  return 0;
};

async function openFile(file: string): Promise<AsyncIterable<Uint8Array>> {
  const stream = createReadStream(file, { highWaterMark: 512 * 1024 });
  await new Promise<void>((resolve, reject) => {
    stream.once('open', () => resolve());
    stream.once('error', (error: NodeJS.ErrnoException) => {
      const missing = error.code === 'ENOENT';
      reject(new CommandError(1, `open ${file}: ${missing ? 'no such file or directory' : error.message}`));
    });
  });
  return stream as AsyncIterable<Uint8Array>;
}
