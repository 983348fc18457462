import { listImages } from '@gantry/client';
import { NotBuiltError } from '../../errors.ts';
import type { CommandHandler } from '../../invocation.ts';
import { parseFilters } from '../../options/key-values.ts';
import { imageRows, imageView } from '../../output/image-rows.ts';
import { printList } from '../../output/list-output.ts';

/** `gantry images`. */
export const listCommand: CommandHandler = async ({ flags, args, config, engine, stdout }) => {
  if (flags.boolean('tree')) throw new NotBuiltError('gantry images --tree');
  const quiet = flags.boolean('quiet');
  const format = flags.string('format') || (quiet ? '' : (config().imagesFormat ?? ''));
  const filters = parseFilters(flags.list('filter'));
  if (args[0]) filters.set('reference', [...(filters.get('reference') ?? []), args[0]]);
  const images = await listImages(await engine(), { all: flags.boolean('all'), filters });
  const digests = flags.boolean('digests') || /\.Digest\b/.test(format);
  const rows = imageRows(images, { full: flags.boolean('no-trunc'), digests, now: new Date() });
  await printList(stdout, imageView(flags.boolean('digests')), rows, { format, quiet });
  return 0;
};
