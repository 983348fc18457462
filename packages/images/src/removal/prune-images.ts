import type { Filters, ImageDeleteResponseItem } from '@gantry/api-types';
import { faultPoint } from '@gantry/base';
import type { Digest } from '@gantry/oci';
import { InvalidFilterError } from '../errors.ts';
import type { ContentKeeper } from '../keeping/content-keeper.ts';
import { type ListImagesOptions, listImages } from '../queries/list-images.ts';
import { removeUnused } from './remove-image.ts';

export interface PruneOptions extends ListImagesOptions {
  keeper: ContentKeeper;
}

export interface PrunedImages {
  /** What was untagged and deleted, image by image. */
  removed: readonly ImageDeleteResponseItem[];
  /** Of blobs and unpacked layers. */
  reclaimedBytes: number;
}

const filterNames: ReadonlySet<string> = new Set(['dangling', 'label', 'label!', 'until']);

/**
 * Docker's `image prune`: images without a name, or with `dangling=false` all that no container uses. Each image goes
 * whole or not at all; an interrupted prune leaves blobs to the start-up pass. What broken pulls have left goes too. Throws `InvalidFilterError`.
 */
export async function pruneImages(options: PruneOptions, filters: Filters): Promise<PrunedImages> {
  for (const name of filters.keys()) if (!filterNames.has(name)) throw new InvalidFilterError(name);
  const { records, usage, keeper } = options;
  const candidates = await listImages(options, candidateFilters(filters));
  const removed = candidates.flatMap(({ Id: id }) => removeUnused(records, usage, id as Digest) ?? []);
  faultPoint('image-prune/records-removed');
  const garbage = await keeper.collectGarbage();
  const abandonedBytes = await options.content.abandonResumable();
  return { removed, reclaimedBytes: garbage.sizeBytes + abandonedBytes };
}

/** `dangling=false` asks for every image here, and in a list for those with a name. */
function candidateFilters(filters: Filters): Filters {
  const [dangling = 'true', ...more] = filters.get('dangling') ?? [];
  if (more.length > 0) throw new InvalidFilterError('dangling', [dangling, ...more].join(' '));
  const others = new Map([...filters].filter(([name]) => name !== 'dangling'));
  if (['0', 'f', 'false'].includes(dangling.toLowerCase())) return others;
  return new Map([...others, ['dangling', [dangling]]]);
}
