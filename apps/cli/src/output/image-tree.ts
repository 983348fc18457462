import type { ImageManifestSummary, ImageSummary } from '@gantry/api-types';
import { displayWidth, formatSize, type Output, shortId, truncate } from '@gantry/terminal';

/** Docker's columns: the first one takes what the others leave. */
const columns = [
  { title: 'IMAGE', width: 0, align: 'left' },
  { title: 'ID', width: 12, align: 'left' },
  { title: 'DISK USAGE', width: 10, align: 'right' },
  { title: 'CONTENT SIZE', width: 12, align: 'right' },
  { title: 'EXTRA', width: 5, align: 'left' },
] as const;
const spacing = 3;
const leastNameWidth = 12;
const legend = 'Info ->  U In Use ';
const warning =
  "WARNING: This is an experimental feature. The output may change and shouldn't be depended on.";

interface Line {
  name: string;
  /** Undefined: a further name of the image below. */
  details?: { id: string; diskUsage: string; contentSize: string; isUsed: boolean };
}

/**
 * `gantry images --tree`: images with what there is of them for each platform. Docker's form; attestations and artifacts, which
 * Docker leaves out, come after the platforms. `width` is the terminal's.
 */
export function printImageTree(
  stdout: Output,
  images: readonly ImageSummary[],
  { all, width }: { all: boolean; width: number },
): void {
  const shown = images
    .filter(({ RepoTags, RepoDigests }) => all || RepoTags?.length > 0 || RepoDigests?.length > 0)
    .toSorted((left, right) => right.Created - left.Created)
    .map(blockOf);
  const widths = columnWidths(shown.flat(), width);
  stdout.write(`${warning}\n${legend.padStart(width)}\n\n`);
  stdout.write(
    `${rowOf(
      columns.map(({ title }) => title),
      widths,
    )}\n`,
  );
  for (const block of shown) {
    for (const line of block) stdout.write(`${lineOf(line, widths)}\n`);
    stdout.write('\n');
  }
}

/** An image's lines: its names, the last one with what is to be said of it, and its manifests. */
function blockOf(image: ImageSummary): Line[] {
  const manifests = image.Manifests ?? [];
  const images = manifests.filter(({ Kind }) => Kind === 'image');
  const content = images.reduce((sum, { Size }) => sum + Size.Content, 0);
  const names = (image.RepoTags ?? []).length > 0 ? image.RepoTags : ['<untagged>'];
  const details = {
    id: shortId(image.Id),
    diskUsage: formatSize(image.Size),
    contentSize: formatSize(content),
    isUsed: images.some(isUsed),
  };
  const children = [...images, ...manifests.filter(({ Kind }) => Kind !== 'image')];
  return [
    ...names.map((name, at): Line => (at === names.length - 1 ? { name, details } : { name })),
    ...children.map((child, at) => childLine(child, at === children.length - 1 ? '└─' : '├─', children)),
  ];
}

function childLine(
  manifest: ImageManifestSummary,
  branch: string,
  all: readonly ImageManifestSummary[],
): Line {
  return {
    name: `${branch} ${titleOf(manifest, all)}`,
    details: {
      id: shortId(manifest.ID),
      diskUsage: formatSize(manifest.Size.Total),
      contentSize: formatSize(manifest.Size.Content),
      isUsed: isUsed(manifest),
    },
  };
}

function titleOf(
  { Kind, ImageData, AttestationData }: ImageManifestSummary,
  all: readonly ImageManifestSummary[],
): string {
  if (Kind === 'attestation') {
    const attested = all.find(({ ID }) => ID === AttestationData?.For);
    return attested?.Kind === 'image' ? `attestation ${titleOf(attested, all)}` : 'attestation';
  }
  const { os = '', architecture = '', variant } = ImageData?.Platform ?? {};
  return Kind === 'image' ? [os, architecture, variant].filter(Boolean).join('/') : 'unknown';
}

function isUsed({ ImageData }: ImageManifestSummary): boolean {
  return (ImageData?.Containers ?? []).length > 0;
}

/** As many columns as leave the first one its least width; that is no wider than it needs to be. */
function columnWidths(lines: readonly Line[], width: number): number[] {
  let nameWidth = Math.max(width, 20);
  const widths: number[] = [];
  for (const column of columns.slice(1)) {
    if (nameWidth - column.width - spacing < leastNameWidth) break;
    nameWidth -= column.width + spacing;
    widths.push(column.width);
  }
  // Docker counts bytes.
  const widest = Math.max(...lines.map(({ name }) => Buffer.byteLength(name)), columns[0].title.length);
  return [Math.min(nameWidth, widest), ...widths];
}

function lineOf({ name, details }: Line, widths: readonly number[]): string {
  const [nameWidth = 0] = widths;
  if (details === undefined) return truncate(name, nameWidth);
  const { id, diskUsage, contentSize, isUsed } = details;
  return rowOf([name, id, diskUsage, contentSize, isUsed ? 'U' : ''], widths);
}

function rowOf(cells: readonly string[], widths: readonly number[]): string {
  return widths
    .map((width, at) => {
      const cell = truncate(cells[at] ?? '', width);
      const padding = ' '.repeat(width - displayWidth(cell));
      return columns[at]?.align === 'right' ? `${padding}${cell}` : `${cell}${padding}`;
    })
    .join(' '.repeat(spacing));
}
