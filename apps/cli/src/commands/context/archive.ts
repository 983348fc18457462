import { createReadStream, writeFileSync } from 'node:fs';
import { checkContextName } from '../../config/contexts/context.ts';
import { packContext, unpackContext } from '../../config/contexts/context-archive.ts';
import { CommandError } from '../../errors.ts';
import type { CommandHandler } from '../../invocation.ts';
import { knownContexts } from './known-contexts.ts';

/** Docker takes no larger context. */
const maxArchiveBytes = 10 * 1024 * 1024;

/** `gantry context export`: to `NAME.dockercontext`, to a file that is not there yet, or to stdout. */
export const exportCommand: CommandHandler = async (invocation) => {
  const { args, stdout, stderr } = invocation;
  const [name = '', file = `${name}.dockercontext`] = args;
  if (file === '-' && stdout.isTerminal) {
    throw new CommandError(1, 'cowardly refusing to export to a terminal, specify a file path');
  }
  const archive = packContext(knownContexts(invocation).read(name));
  if (file === '-') {
    stdout.write(archive);
    return 0;
  }
  try {
    writeFileSync(file, archive, { flag: 'wx', mode: 0o600 });
  } catch (error) {
    throw openFailure(file, error);
  }
  stderr.write(`Written file ${JSON.stringify(file)}\n`);
  return 0;
};

/** `gantry context import`: a tar or zip archive, from a file or from stdin. */
export const importCommand: CommandHandler = async (invocation) => {
  const { args, stdout, stderr } = invocation;
  const [name = '', file = ''] = args;
  checkContextName(name);
  const { store } = knownContexts(invocation);
  if (store.has(name)) throw new CommandError(1, `context ${JSON.stringify(name)} already exists`);
  const context = await unpackContext(await readArchive(file), name);
  store.write(context);
  stdout.write(`${name}\n`);
  stderr.write(`Successfully imported context ${JSON.stringify(name)}\n`);
  return 0;
};

async function readArchive(file: string): Promise<Buffer> {
  const source = file === '-' ? process.stdin : createReadStream(file);
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  try {
    for await (const chunk of source as AsyncIterable<Buffer>) {
      sizeBytes += chunk.length;
      if (sizeBytes > maxArchiveBytes) throw new CommandError(1, 'invalid context: it is larger than 10 MB');
      chunks.push(chunk);
    }
  } catch (error) {
    throw openFailure(file, error);
  }
  return Buffer.concat(chunks);
}

function openFailure(file: string, error: unknown): unknown {
  const { code } = error as NodeJS.ErrnoException;
  const words: Record<string, string> = { ENOENT: 'no such file or directory', EEXIST: 'file exists' };
  const reason = words[code ?? ''];
  return reason === undefined ? error : new CommandError(1, `open ${file}: ${reason}`, { cause: error });
}
