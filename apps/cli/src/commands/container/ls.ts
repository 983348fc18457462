import { type ContainerListQuery, listContainers } from '@gantry/client';
import type { CommandHandler } from '../../invocation.ts';
import { parseFilters } from '../../options/key-values.ts';
import { containerRow, containerView } from '../../output/container-rows.ts';
import { printList } from '../../output/list-output.ts';

/** `gantry ps`. */
export const listCommand: CommandHandler = async ({ flags, config, engine, stdout, stderr }) => {
  const quiet = flags.boolean('quiet');
  if (quiet && flags.has('format')) {
    stderr.write('WARNING: Ignoring custom format, because both --format and --quiet are set.\n');
  }
  const asked = flags.string('format');
  const isHeeded = !quiet || asked === 'raw';
  const format = isHeeded ? asked || (config().psFormat ?? '') : '';
  const withSize = flags.boolean('size') || /\.Size|\bjson \./.test(format);
  const last = flags.number('last') ?? -1;
  const limit = last > 0 ? last : flags.boolean('latest') && last === -1 ? 1 : undefined;
  const query: ContainerListQuery = {
    all: flags.boolean('all'),
    size: withSize,
    filters: parseFilters(flags.list('filter')),
    ...(limit === undefined ? {} : { limit }),
  };
  const containers = await listContainers(await engine(), query);
  const now = new Date();
  const rows = containers.map((container) =>
    containerRow(container, { full: flags.boolean('no-trunc'), now }),
  );
  await printList(stdout, containerView(flags.boolean('size')), rows, { format, quiet });
  return 0;
};
