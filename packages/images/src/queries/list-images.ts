import type { Filters, ImageSummary } from '@gantry/api-types';
import { type Clock, errorMessage, type Logger } from '@gantry/base';
import type { Digest } from '@gantry/oci';
import type { ImageDocuments } from '../reading/image-documents.ts';
import { chooseNode, readImageTree } from '../reading/image-tree.ts';
import { findImage } from '../records/find-image.ts';
import type { ImageRecord, ImageRecords } from '../records/image-records.ts';
import { compileImageFilters } from './image-filters.ts';
import { imageSpace } from './image-space.ts';
import { repoDigests, repoTags, timeMs } from './image-view.ts';
import { type ManifestQueryOptions, summarizeManifests } from './manifest-summary.ts';

export interface QueryOptions {
  records: ImageRecords;
  documents: ImageDocuments;
  clock: Clock;
  logger: Logger;
  maxManifests: number;
}

export type ListImagesOptions = QueryOptions & ManifestQueryOptions;

/** What takes looking at every layer or manifest, and is added only when it is asked for. */
export interface ListRequest {
  sharedSize?: boolean;
  manifests?: boolean;
}

/**
 * Images that pass the filters, newest first. An image whose config cannot be read is listed without labels. Throws
 * `InvalidFilterError`, `ImageNotFoundError` (of `before` and `since`).
 */
export async function listImages(
  options: ListImagesOptions,
  filters: Filters,
  request: ListRequest = {},
): Promise<ImageSummary[]> {
  const { records, clock } = options;
  const filter = await compileImageFilters(filters, {
    nowMs: clock.now().getTime(),
    createdMsOf: async (ref) => timeMs(findImage(records, ref).record.created),
  });
  const namesById = Map.groupBy(records.names(), ({ record }) => record.imageId);
  const summaries: ImageSummary[] = [];
  for (const { id, record } of records.images()) {
    const names = (namesById.get(id) ?? []).map(({ name }) => name);
    const labels = await labelsOf(options, id, record);
    if (!filter.matches({ names, labels, createdMs: timeMs(record.created) })) continue;
    summaries.push(summaryOf(id, record, { names: filter.namesOf(names), labels }));
  }
  if (request.sharedSize === true) await addSharedSizes(options, summaries);
  if (request.manifests === true) await addManifests(options, summaries);
  return summaries.sort((left, right) => right.Created - left.Created || (left.Id < right.Id ? -1 : 1));
}

function summaryOf(
  id: Digest,
  record: ImageRecord,
  { names, labels }: { names: readonly string[]; labels: Record<string, string> },
): ImageSummary {
  return {
    Id: id,
    ParentId: '',
    RepoTags: repoTags(names),
    RepoDigests: repoDigests(names, id),
    Created: Math.floor(timeMs(record.created) / 1000),
    Size: record.sizeBytes,
    SharedSize: -1,
    Labels: labels,
    Containers: -1,
    Descriptor: { ...record.target },
  };
}

async function addSharedSizes(options: ListImagesOptions, summaries: ImageSummary[]): Promise<void> {
  const spaces = new Map((await imageSpace(options)).map((space) => [space.id as string, space]));
  for (const summary of summaries) summary.SharedSize = spaces.get(summary.Id)?.sharedBytes ?? 0;
}

async function addManifests(options: ListImagesOptions, summaries: ImageSummary[]): Promise<void> {
  const { records, documents, maxManifests } = options;
  for (const summary of summaries) {
    const record = records.image(summary.Id as Digest);
    if (record === undefined) continue;
    const tree = await readImageTree(documents, record.target, maxManifests);
    summary.Manifests = await summarizeManifests(options, tree);
  }
}

async function labelsOf(
  { documents, maxManifests, logger }: QueryOptions,
  id: Digest,
  record: ImageRecord,
): Promise<Record<string, string>> {
  try {
    const tree = await readImageTree(documents, record.target, maxManifests);
    return { ...chooseNode(tree, id, undefined).config.config?.Labels };
  } catch (error) {
    logger.warn(`cannot read the labels of an image: ${errorMessage(error)}`, { digest: id });
    return {};
  }
}
