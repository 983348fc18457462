import { formatSize } from '@gantry/terminal';
import { CommandError } from '../../errors.ts';
import type { CommandHandler } from '../../invocation.ts';
import { confirm } from './confirm.ts';
import { pruneFilters } from './prune-filters.ts';
import { buildCache, containers, images, networks, type Prune, volumes } from './prune-kinds.ts';

/** `gantry system prune`: containers first, since they use the rest. */
export const systemPruneCommand: CommandHandler = async ({ flags, config, engine, stdout }) => {
  const all = flags.boolean('all');
  const withVolumes = flags.boolean('volumes');
  const filters = pruneFilters({ flags, config });
  if (withVolumes && filters.has('until')) {
    throw new CommandError(1, 'ERROR: The "until" filter is not supported with "--volumes"');
  }
  const warning = warningText({ all, withVolumes, filters });
  if (!(await confirm(warning, { force: flags.boolean('force'), stdout }))) return 0;
  const client = await engine();
  const steps: readonly { prune: Prune; wanted: ReadonlyMap<string, readonly string[]> }[] = [
    { prune: containers, wanted: filters },
    { prune: networks, wanted: filters },
    ...(withVolumes ? [{ prune: volumes, wanted: filters }] : []),
    { prune: images, wanted: new Map([...filters, ['dangling', [String(!all)]]]) },
    { prune: buildCache, wanted: filters },
  ];
  let reclaimedBytes = 0;
  for (const { prune, wanted } of steps) {
    const pruned = await prune(client, wanted);
    reclaimedBytes += pruned.reclaimedBytes;
    if (pruned.lines.length > 0) stdout.write(`${pruned.lines.join('\n')}\n\n`);
  }
  stdout.write(`Total reclaimed space: ${formatSize(reclaimedBytes, 4)}\n`);
  return 0;
};

function warningText(options: {
  all: boolean;
  withVolumes: boolean;
  filters: ReadonlyMap<string, readonly string[]>;
}): string {
  const { all, withVolumes, filters } = options;
  const kept = [...filters].flatMap(([name, values]) => values.map((value) => `  - ${name}=${value}`));
  return [
    'WARNING! This will remove:',
    '  - all stopped containers',
    '  - all networks not used by at least one container',
    ...(withVolumes ? ['  - all anonymous volumes not used by at least one container'] : []),
    all ? '  - all images without at least one container associated to them' : '  - all dangling images',
    '  - unused build cache',
    '',
    ...(kept.length > 0 ? ['  Items to be pruned will be filtered with:', ...kept, ''] : []),
  ].join('\n');
}
