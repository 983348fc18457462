import type { ImageHistoryResponseItem, ImageSummary } from '@gantry/api-types';
import { formatGoTime, formatSize, formatTimeAgo, shortId, truncate } from '@gantry/terminal';
import { splitImageName } from '../options/image-name.ts';
import type { ListView, Row } from './list-output.ts';

/** `gantry images`; the DIGEST column comes with `--digests`. */
export function imageView(withDigests: boolean): ListView {
  return {
    quietField: 'ID',
    typeName: '*formatter.imageContext',
    columns: ['Repository', 'Tag', ...(withDigests ? ['Digest'] : []), 'ID', 'CreatedSince', 'Size'],
    raw: {
      repository: 'Repository',
      tag: 'Tag',
      ...(withDigests ? { digest: 'Digest' } : {}),
      image_id: 'ID',
      created_at: 'CreatedAt',
      virtual_size: 'Size',
    },
    headings: {
      Containers: 'CONTAINERS',
      CreatedAt: 'CREATED AT',
      CreatedSince: 'CREATED',
      Digest: 'DIGEST',
      ID: 'IMAGE ID',
      Repository: 'REPOSITORY',
      SharedSize: 'SHARED SIZE',
      Size: 'SIZE',
      Tag: 'TAG',
      UniqueSize: 'UNIQUE SIZE',
      VirtualSize: 'SIZE',
    },
  };
}

export interface ImageRowOptions {
  readonly full: boolean;
  readonly digests: boolean;
  readonly now: Date;
}

interface Name {
  repository: string;
  tag: string;
  digest: string;
}

const none = '<none>';

/** One row for every name of every image, as Docker has it. */
export function imageRows(images: readonly ImageSummary[], options: ImageRowOptions): Row[] {
  return images.flatMap((image) =>
    namesOf(image, options.digests).map((name) => imageRow(image, name, options)),
  );
}

function imageRow(
  image: ImageSummary,
  { repository, tag, digest }: Name,
  { full, now }: ImageRowOptions,
): Row {
  const created = new Date((image.Created ?? 0) * 1000);
  const sizeOrUnknown = (size: number | undefined): string =>
    size === undefined || size < 0 ? 'N/A' : formatSize(size, 4);
  const count = image.Containers;
  return {
    Containers: count === undefined || count < 0 ? 'N/A' : String(count),
    CreatedAt: formatGoTime(created),
    CreatedSince: formatTimeAgo(created, now),
    Digest: digest,
    ID: full ? image.Id : shortId(image.Id),
    Repository: repository,
    SharedSize: sizeOrUnknown(image.SharedSize),
    Size: formatSize(image.Size),
    Tag: tag,
    UniqueSize: image.SharedSize < 0 ? 'N/A' : formatSize(image.Size - image.SharedSize, 4),
    VirtualSize: formatSize(image.Size, 4),
  };
}

function namesOf({ RepoTags, RepoDigests }: ImageSummary, withDigests: boolean): Name[] {
  const tags = (RepoTags ?? []).filter((name) => name !== `${none}:${none}`).map(splitImageName);
  const digests = (RepoDigests ?? []).filter((name) => name !== `${none}@${none}`).map(splitImageName);
  const digestsOf = (repository: string): string[] =>
    digests.filter((name) => name.repository === repository).map(({ digest }) => digest ?? none);
  const names = tags.flatMap(({ repository, tag = none }) => {
    const own = withDigests ? digestsOf(repository) : [];
    return (own.length > 0 ? own : [none]).map((digest): Name => ({ repository, tag, digest }));
  });
  const tagged = new Set(tags.map(({ repository }) => repository));
  const untagged = [...new Set(digests.map(({ repository }) => repository))].filter(
    (name) => !tagged.has(name),
  );
  for (const repository of untagged) {
    const own = withDigests ? digestsOf(repository) : [''];
    names.push(...own.map((digest): Name => ({ repository, tag: none, digest })));
  }
  return names.length > 0 ? names : [{ repository: none, tag: none, digest: none }];
}

/** `gantry history`; without `--human` times and sizes are exact. */
export function historyView(human: boolean): ListView {
  return {
    quietField: 'ID',
    typeName: '*image.historyContext',
    columns: ['ID', human ? 'CreatedSince' : 'CreatedAt', 'CreatedBy', 'Size', 'Comment'],
    headings: {
      Comment: 'COMMENT',
      CreatedAt: 'CREATED AT',
      CreatedBy: 'CREATED BY',
      CreatedSince: 'CREATED',
      ID: 'IMAGE',
      Size: 'SIZE',
    },
  };
}

const createdByWidth = 45;

export function historyRow(
  item: ImageHistoryResponseItem,
  { full, human, now }: { full: boolean; human: boolean; now: Date },
): Row {
  const created = new Date(item.Created * 1000);
  const createdBy = item.CreatedBy.replaceAll('\t', ' ');
  const createdAt = `${formatGoTime(created).slice(0, 19).replace(' ', 'T')}${zoneOf(created)}`;
  return {
    Comment: item.Comment,
    CreatedAt: createdAt,
    CreatedBy: full ? createdBy : truncate(createdBy, createdByWidth),
    CreatedSince: human ? (item.Created <= 0 ? 'N/A' : formatTimeAgo(created, now)) : createdAt,
    ID: full ? item.Id : shortId(item.Id),
    Size: human ? formatSize(item.Size) : String(item.Size),
  };
}

/** `Z`, or `+02:00`. */
function zoneOf(time: Date): string {
  const [, , offset = '+0000'] = formatGoTime(time).split(' ');
  return offset === '+0000' ? 'Z' : `${offset.slice(0, 3)}:${offset.slice(3)}`;
}
