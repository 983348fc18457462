import { parseByteSize } from '@gantry/base';
import { pruneBuildCache } from '@gantry/client';
import { formatSize } from '@gantry/terminal';
import { NotBuiltError } from '../../errors.ts';
import type { CommandHandler } from '../../invocation.ts';
import { parseFilters } from '../../options/key-values.ts';
import { answerTime } from '../builder/control.ts';
import { refuseUnknownBuilder } from '../image/build.ts';
import { confirm } from './confirm.ts';

/** `gantry builder prune`. */
export const builderPruneCommand: CommandHandler = async (invocation) => {
  const { flags, engine, stdout } = invocation;
  refuseUnknownBuilder(invocation);
  if (flags.boolean('verbose')) throw new NotBuiltError('--verbose');
  const all = flags.boolean('all');
  const warning = all
    ? 'WARNING! This will remove all build cache.'
    : 'WARNING! This will remove all dangling build cache.';
  const filters = parseFilters(flags.list('filter'));
  const bytes = (name: string): number => parseByteSize(flags.string(name));
  const query = {
    all,
    filters,
    keepBytes: bytes('keep-storage'),
    reservedBytes: bytes('reserved-space'),
    maxUsedBytes: bytes('max-used-space'),
    minFreeBytes: bytes('min-free-space'),
  };
  const deadline = answerTime(invocation);
  if (!(await confirm(warning, { force: flags.boolean('force'), stdout }))) return 0;
  const client = await engine();
  await client.ping(deadline);
  const { CachesDeleted, SpaceReclaimed } = await pruneBuildCache(client, query);
  const deleted = CachesDeleted ?? [];
  if (deleted.length > 0) stdout.write(`Deleted build cache objects:\n${deleted.join('\n')}\n\n`);
  stdout.write(`Total reclaimed space: ${formatSize(SpaceReclaimed ?? 0)}\n`);
  return 0;
};
