import { listImages } from '@gantry/client';
import { windowSize } from '@gantry/terminal';
import { CommandError } from '../../errors.ts';
import type { FlagValues } from '../../grammar/flag-values.ts';
import type { CommandHandler, Invocation } from '../../invocation.ts';
import { parseFilters } from '../../options/key-values.ts';
import { imageRows, imageView } from '../../output/image-rows.ts';
import { printList } from '../../output/list-output.ts';

/** `gantry images`. */
export const listCommand: CommandHandler = async (invocation) => {
  const { flags, args, config, engine, stdout } = invocation;
  if (flags.boolean('tree')) return await listTree(invocation);
  const quiet = flags.boolean('quiet');
  const format = flags.string('format') || (quiet ? '' : (config().imagesFormat ?? ''));
  const filters = imageFilters(flags, args[0]);
  const images = await listImages(await engine(), { all: flags.boolean('all'), filters });
  const withDigests = flags.boolean('digests');
  const digests = withDigests || /\.Digest\b/.test(format);
  const rows = imageRows(images, { full: flags.boolean('no-trunc'), digests, now: new Date() });
  const hasNoColumn = withDigests && format.startsWith('table ') && !format.includes('{{.Digest}}');
  const wanted = hasNoColumn ? `${format}\t{{.Digest}}` : format;
  await printList(stdout, imageView(withDigests), rows, { format: wanted, quiet });
  return 0;
};

/** What a tree cannot be combined with, by Docker's name for it. */
const notWithTree = [
  ['quiet', '--quiet'],
  ['no-trunc', '--no-trunc'],
  ['digests', '--show-digest'],
  ['format', '--format'],
] as const;

async function listTree({ flags, args, engine, stdout }: Invocation): Promise<number> {
  for (const [flag, name] of notWithTree) {
    if (flags.has(flag)) throw new CommandError(1, `${name} is not yet supported with --tree`);
  }
  const all = flags.boolean('all');
  const filters = imageFilters(flags, args[0]);
  const images = await listImages(await engine(), { all, filters, manifests: true });
  const { printImageTree } = await import('../../output/image-tree.ts');
  printImageTree(stdout, images, { all, width: windowSize(1)?.columns ?? 80 });
  return 0;
}

/** The filters of the flags, and of the name that the command may be given. */
function imageFilters(flags: FlagValues, reference: string | undefined): Map<string, string[]> {
  const filters = parseFilters(flags.list('filter'));
  if (reference) filters.set('reference', [...(filters.get('reference') ?? []), reference]);
  return filters;
}
