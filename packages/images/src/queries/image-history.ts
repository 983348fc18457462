import type { ImageHistoryResponseItem } from '@gantry/api-types';
import type { HistoryEntry, Platform } from '@gantry/oci';
import { chooseNode, readImageTree } from '../reading/image-tree.ts';
import { findImage } from '../records/find-image.ts';
import { repoTags, timeMs } from './image-view.ts';
import type { InspectOptions } from './inspect-image.ts';

/**
 * The steps that made an image, newest first; the first has the image's id and names, the others `<missing>`. Layers
 * that the config's history does not tell of are steps too. Sizes are unpacked. Throws like `inspectImage`.
 */
export async function imageHistory(
  options: InspectOptions,
  ref: string,
  platform?: Platform,
): Promise<ImageHistoryResponseItem[]> {
  const { records, documents, unpacker, maxManifests } = options;
  const found = findImage(records, ref);
  const tree = await readImageTree(documents, found.record.target, maxManifests);
  const { config } = chooseNode(tree, ref, platform);
  const layers = (await unpacker.unpacked(config.rootfs.diff_ids)) ?? [];
  let layerAt = 0;
  const steps = allSteps(config.history ?? [], config.rootfs.diff_ids.length).map((entry) => {
    const isLayer = entry.empty_layer !== true;
    const size = isLayer ? (layers[layerAt]?.sizeBytes ?? 0) : 0;
    if (isLayer) layerAt += 1;
    return {
      Id: '<missing>',
      Created: Math.floor(timeMs(entry.created) / 1000),
      CreatedBy: entry.created_by ?? '',
      Tags: [] as string[],
      Size: size,
      Comment: entry.comment ?? '',
    };
  });
  const newest = steps.at(-1);
  if (newest !== undefined) {
    newest.Id = found.id;
    newest.Tags = repoTags(records.namesOf(found.id));
  }
  return steps.reverse();
}

function allSteps(history: readonly HistoryEntry[], layers: number): readonly HistoryEntry[] {
  const told = history.filter((entry) => entry.empty_layer !== true).length;
  return [...history, ...Array.from({ length: Math.max(0, layers - told) }, () => ({}))];
}
