import { commitContainer } from '@gantry/client';
import { canonicalString, InvalidReferenceError, parseReference, withDefaultTag } from '@gantry/oci';
import { CommandError } from '../../errors.ts';
import type { CommandHandler } from '../../invocation.ts';

/** `gantry commit`: prints the id of the new image. */
export const commitCommand: CommandHandler = async ({ flags, args, engine, stdout }) => {
  const [container = '', reference = ''] = args;
  const pause = flags.boolean('pause') && !flags.boolean('no-pause');
  const id = await commitContainer(await engine(), container, {
    ...nameOf(reference),
    author: flags.string('author') || undefined,
    comment: flags.string('message') || undefined,
    changes: flags.list('change'),
    pause: pause ? undefined : false,
  });
  stdout.write(`${id}\n`);
  return 0;
};

function nameOf(text: string): { repository?: string; tag?: string } {
  if (text === '') return {};
  try {
    const reference = parseReference(text);
    if (reference.digest !== undefined) throw new CommandError(1, 'cannot commit to digest reference');
    const { tag = 'latest' } = withDefaultTag(reference);
    return { repository: canonicalString({ ...reference, tag: undefined }), tag };
  } catch (error) {
    if (error instanceof InvalidReferenceError) throw new CommandError(1, error.message);
    throw error;
  }
}
