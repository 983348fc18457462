import type { Volume } from '@gantry/api-types';
import { listVolumes } from '@gantry/client';
import { formatSize } from '@gantry/terminal';
import { NotBuiltError } from '../../errors.ts';
import type { CommandHandler } from '../../invocation.ts';
import { parseFilters } from '../../options/key-values.ts';
import { formatLabels } from '../../output/container-rows.ts';
import { type ListView, printList, type Row } from '../../output/list-output.ts';
import { naturalOrder } from '../../output/natural-order.ts';

/** `gantry volume ls`. */
export const listCommand: CommandHandler = async ({ flags, config, engine, stdout }) => {
  if (flags.boolean('cluster')) throw new NotBuiltError('gantry volume ls --cluster');
  const quiet = flags.boolean('quiet');
  const { Volumes } = await listVolumes(await engine(), parseFilters(flags.list('filter')));
  const rows = (Volumes ?? []).toSorted((left, right) => naturalOrder(left.Name, right.Name)).map(volumeRow);
  const format = flags.string('format') || (quiet ? '' : (config().volumesFormat ?? ''));
  await printList(stdout, volumeView, rows, { format, quiet });
  return 0;
};

/** `gantry volume ls`. */
export const volumeView: ListView = {
  quietField: 'Name',
  typeName: '*formatter.volumeContext',
  columns: ['Driver', 'Name'],
  headings: {
    Availability: 'AVAILABILITY',
    Driver: 'DRIVER',
    Group: 'GROUP',
    Labels: 'LABELS',
    Links: 'LINKS',
    Mountpoint: 'MOUNTPOINT',
    Name: 'VOLUME NAME',
    Scope: 'SCOPE',
    Size: 'SIZE',
    Status: 'STATUS',
  },
};

/** A volume's fields as Docker prints them. */
export function volumeRow(volume: Volume): Row {
  const labels = volume.Labels ?? {};
  const usage = volume.UsageData;
  return {
    Availability: 'N/A',
    Driver: volume.Driver,
    Group: 'N/A',
    Labels: formatLabels(labels),
    Links: usage ? String(usage.RefCount) : 'N/A',
    Mountpoint: volume.Mountpoint,
    Name: volume.Name,
    Scope: volume.Scope,
    Size: usage ? formatSize(usage.Size) : 'N/A',
    Status: 'N/A',
    Label: (name) => labels[String(name)] ?? '',
  };
}
