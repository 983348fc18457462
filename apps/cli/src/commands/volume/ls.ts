import type { Volume } from '@gantry/api-types';
import { listVolumes } from '@gantry/client';
import { formatSize } from '@gantry/terminal';
import type { CommandHandler } from '../../invocation.ts';
import { parseFilters } from '../../options/key-values.ts';
import { formatLabels } from '../../output/container-rows.ts';
import { type ListView, printList, type Row } from '../../output/list-output.ts';
import { naturalOrder } from '../../output/natural-order.ts';

/** `gantry volume ls`. */
export const listCommand: CommandHandler = async ({ flags, config, engine, stdout }) => {
  const cluster = flags.boolean('cluster');
  const quiet = flags.boolean('quiet');
  const { Volumes } = await listVolumes(await engine(), parseFilters(flags.list('filter')));
  const listed = (Volumes ?? []).filter((volume) => !cluster || Boolean(volume.ClusterVolume));
  const rows = listed.toSorted((left, right) => naturalOrder(left.Name, right.Name)).map(volumeRow);
  const standard = cluster ? clusterFormat : (config().volumesFormat ?? '');
  const format = flags.string('format') || (quiet ? '' : standard);
  await printList(stdout, volumeView, rows, { format, quiet });
  return 0;
};

/** What `--cluster` prints. */
const clusterFormat = 'table {{.Name}}\t{{.Group}}\t{{.Driver}}\t{{.Availability}}\t{{.Status}}';

/** `gantry volume ls`. */
export const volumeView: ListView = {
  quietField: 'Name',
  typeName: '*formatter.volumeContext',
  raw: { name: 'Name', driver: 'Driver' },
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
  const cluster = volume.ClusterVolume;
  return {
    Availability: cluster ? (specOf(cluster).Availability ?? '') : 'N/A',
    Driver: volume.Driver,
    Group: cluster ? (cluster.Spec?.Group ?? '') : 'N/A',
    Labels: formatLabels(labels),
    Links: usage ? String(usage.RefCount) : 'N/A',
    Mountpoint: volume.Mountpoint,
    Name: volume.Name,
    Scope: volume.Scope,
    Size: usage ? formatSize(usage.Size) : 'N/A',
    Status: cluster ? clusterStatus(cluster) : 'N/A',
    Label: (name) => labels[String(name)] ?? '',
  };
}

type ClusterVolume = NonNullable<Volume['ClusterVolume']>;

/** Where the docker CLI's types, and not the API file, have it. */
function specOf({ Spec }: ClusterVolume): { Availability?: string } {
  return (Spec ?? {}) as { Availability?: string };
}

function clusterStatus({ Info, PublishStatus }: ClusterVolume): string {
  if (!Info?.VolumeID) return 'pending creation';
  const nodes = PublishStatus?.length ?? 0;
  if (nodes === 0) return 'created';
  return nodes === 1 ? 'in use (1 node)' : `in use (${nodes} nodes)`;
}
