import type { SystemDataUsageResponse } from '@gantry/api-types';
import { systemDiskUsage } from '@gantry/client';
import { formatSize, type Output } from '@gantry/terminal';
import type { CommandHandler } from '../../invocation.ts';
import { containerRow, containerView } from '../../output/container-rows.ts';
import { diskUsageRows, diskUsageView } from '../../output/disk-usage-rows.ts';
import { imageRows, imageView } from '../../output/image-rows.ts';
import { printList, type Row } from '../../output/list-output.ts';
import { renderOne } from '../../output/one-template.ts';
import { volumeRow, volumeView } from '../volume/ls.ts';

/** `gantry system df`; with `--verbose` every object. */
export const diskUsageCommand: CommandHandler = async ({ flags, engine, stdout }) => {
  const usage = await systemDiskUsage(await engine());
  const format = flags.string('format');
  if (!flags.boolean('verbose')) {
    await printList(stdout, diskUsageView, diskUsageRows(usage), { format, quiet: false });
    return 0;
  }
  const rows = objectRows(usage);
  if (format === '' || format === 'table') await printObjects(stdout, usage, rows);
  else stdout.write(`${renderOne(format, rows, 'diskUsageContext')}\n`);
  return 0;
};

interface ObjectRows {
  Images: Row[];
  Containers: Row[];
  Volumes: Row[];
  BuildCache: Row[];
}

function objectRows(usage: SystemDataUsageResponse): ObjectRows {
  const now = new Date();
  return {
    Images: imageRows(usage.Images ?? [], { full: false, digests: false, now }),
    // A total over these must not count an image once for each of its containers.
    Containers: (usage.Containers ?? []).map((container) =>
      containerRow({ ...container, SizeRootFs: 0 }, { full: false, now }),
    ),
    Volumes: (usage.Volumes ?? []).map(volumeRow),
    BuildCache: [],
  };
}

/** Docker's layout: a table for each kind, under a heading. */
async function printObjects(
  stdout: Output,
  usage: SystemDataUsageResponse,
  { Images, Containers, Volumes }: ObjectRows,
): Promise<void> {
  const whole = { format: '', quiet: false };
  const imageColumns = 'Repository Tag ID CreatedSince Size SharedSize UniqueSize Containers'.split(' ');
  stdout.write('Images space usage:\n\n');
  await printList(stdout, { ...imageView(false), columns: imageColumns }, Images, whole);
  const containerColumns = 'ID Image Command LocalVolumes Size RunningFor Status Names'.split(' ');
  stdout.write('\nContainers space usage:\n\n');
  await printList(stdout, { ...containerView(true), columns: containerColumns }, Containers, whole);
  stdout.write('\nLocal Volumes space usage:\n\n');
  await printList(stdout, { ...volumeView, columns: ['Name', 'Links', 'Size'] }, Volumes, whole);
  const cacheBytes = (usage.BuildCache ?? []).reduce((sum, { Size = 0 }) => sum + Size, 0);
  stdout.write(`\nBuild cache usage: ${formatSize(cacheBytes, 4)}\n\n`);
  stdout.write('CACHE ID   CACHE TYPE   SIZE      CREATED   LAST USED   USAGE     SHARED\n');
}
