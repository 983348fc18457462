import type { SystemDataUsageResponse } from '@gantry/api-types';
import { systemDiskUsage } from '@gantry/client';
import { formatSize, type Output } from '@gantry/terminal';
import type { CommandHandler } from '../../invocation.ts';
import { containerRow, containerView } from '../../output/container-rows.ts';
import { diskUsageRows, diskUsageView } from '../../output/disk-usage-rows.ts';
import { goJson } from '../../output/go-json.ts';
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
  const isTable = /^(?:table\b|$)/.test(format);
  const rows = objectRows(usage, { full: !isTable });
  if (format === '' || format === 'table') await printObjects(stdout, usage, rows);
  else if (format === 'json') stdout.write(goJson(rows));
  else if (format === 'raw') await printRaw(stdout, rows);
  else
    stdout.write(
      renderOne(
        format
          .replace(/^table /, '')
          .replaceAll('\\t', '\t')
          .replaceAll('\\n', '\n'),
        rows,
        '*formatter.diskUsageContext',
        { json: goJson },
      ),
    );
  return 0;
};

interface ObjectRows {
  Images: Row[];
  Containers: Row[];
  Volumes: Row[];
  BuildCache: Row[];
}

/** An image once, by its first name. */
function objectRows(usage: SystemDataUsageResponse, { full }: { full: boolean }): ObjectRows {
  const now = new Date();
  const images = (usage.Images ?? []).map((image) => ({
    ...image,
    RepoTags: image.RepoTags.slice(0, 1),
    RepoDigests: [],
  }));
  return {
    Images: imageRows(images, { full, digests: false, now }).map((row) => ({ ...row, Digest: '' })),
    // A total over these must not count an image once for each of its containers.
    Containers: (usage.Containers ?? []).map((container) =>
      containerRow({ ...container, SizeRootFs: 0 }, { full, now }),
    ),
    Volumes: (usage.Volumes ?? []).map(volumeRow),
    BuildCache: [],
  };
}

/** As the lists of each kind, with the kind in front. */
async function printRaw(stdout: Output, { Images, Containers, Volumes }: ObjectRows): Promise<void> {
  const kinds = [
    ['Image', imageView(true), Images],
    ['Container', containerView(true), Containers],
    ['Volume', volumeView, Volumes],
  ] as const;
  for (const [kind, view, rows] of kinds) {
    const typed = rows.map((row) => ({ ...row, Type: kind }));
    const raw = { type: 'Type', ...view.raw };
    await printList(stdout, { ...view, raw }, typed, { format: 'raw', quiet: false });
  }
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
