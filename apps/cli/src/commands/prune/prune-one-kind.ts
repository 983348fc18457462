import { formatSize } from '@gantry/terminal';
import { CommandError } from '../../errors.ts';
import type { CommandHandler, Invocation } from '../../invocation.ts';
import { confirm } from './confirm.ts';
import { pruneFilters } from './prune-filters.ts';
import { containers, images, networks, type Prune, volumes } from './prune-kinds.ts';

/** `gantry container prune`. */
export const containerPruneCommand: CommandHandler = (invocation) =>
  pruneOneKind(invocation, {
    warning: 'This will remove all stopped containers.',
    filters: pruneFilters(invocation),
    prune: containers,
    saysTotal: true,
  });

/** `gantry image prune`. */
export const imagePruneCommand: CommandHandler = (invocation) => {
  const all = invocation.flags.boolean('all');
  const filters = pruneFilters(invocation);
  filters.set('dangling', [String(!all)]);
  const warning = all
    ? 'This will remove all images without at least one container associated to them.'
    : 'This will remove all dangling images.';
  return pruneOneKind(invocation, { warning, filters, prune: images, saysTotal: true });
};

/** `gantry network prune`. */
export const networkPruneCommand: CommandHandler = (invocation) =>
  pruneOneKind(invocation, {
    warning: 'This will remove all custom networks not used by at least one container.',
    filters: pruneFilters(invocation),
    prune: networks,
    saysTotal: false,
  });

/** `gantry volume prune`. */
export const volumePruneCommand: CommandHandler = (invocation) => {
  const all = invocation.flags.boolean('all');
  const filters = pruneFilters(invocation);
  if (all && filters.has('all')) {
    throw new CommandError(1, 'conflicting options: cannot specify both --all and --filter all=1');
  }
  if (all) filters.set('all', ['true']);
  const warning = all
    ? 'This will remove all local volumes not used by at least one container.'
    : 'This will remove anonymous local volumes not used by at least one container.';
  return pruneOneKind(invocation, { warning, filters, prune: volumes, saysTotal: true });
};

interface OneKind {
  warning: string;
  filters: ReadonlyMap<string, readonly string[]>;
  prune: Prune;
  /** Networks take no space. */
  saysTotal: boolean;
}

async function pruneOneKind(
  { flags, engine, stdout }: Invocation,
  { warning, filters, prune, saysTotal }: OneKind,
): Promise<number> {
  const force = flags.boolean('force');
  if (!(await confirm(`WARNING! ${warning}`, { force, stdout }))) return 0;
  const { lines, reclaimedBytes } = await prune(await engine(), filters);
  if (lines.length > 0) stdout.write(`${lines.join('\n')}\n\n`);
  if (saysTotal) stdout.write(`Total reclaimed space: ${formatSize(reclaimedBytes, 4)}\n`);
  return 0;
}
