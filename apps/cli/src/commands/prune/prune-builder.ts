import { pruneBuildCache } from '@gantry/client';
import { formatSize } from '@gantry/terminal';
import type { CommandHandler } from '../../invocation.ts';
import { parseFilters } from '../../options/key-values.ts';
import { confirm } from './confirm.ts';

/** `gantry builder prune`. */
export const builderPruneCommand: CommandHandler = async ({ flags, engine, stdout }) => {
  const all = flags.boolean('all');
  const warning = all
    ? 'WARNING! This will remove all build cache.'
    : 'WARNING! This will remove all dangling build cache.';
  const filters = parseFilters(flags.list('filter'));
  const keepBytes = flags.number('keep-storage') ?? 0;
  if (!(await confirm(warning, { force: flags.boolean('force'), stdout }))) return 0;
  const { CachesDeleted, SpaceReclaimed } = await pruneBuildCache(await engine(), {
    all,
    filters,
    keepBytes,
  });
  const deleted = CachesDeleted ?? [];
  if (deleted.length > 0) stdout.write(`Deleted build cache objects:\n${deleted.join('\n')}\n\n`);
  stdout.write(`Total reclaimed space: ${formatSize(SpaceReclaimed ?? 0)}\n`);
  return 0;
};
