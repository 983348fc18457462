import { errorMessage } from '@gantry/base';
import type { Digest } from '@gantry/oci';
import { chooseNode, readImageTree } from '../reading/image-tree.ts';
import type { InspectOptions } from './inspect-image.ts';

/** An image's share of the disk. */
export interface ImageSpace {
  id: Digest;
  /** Of its layers that other images stand on too. */
  sharedBytes: number;
  /** How many containers use it. */
  containers: number;
}

/** Of every image whose layers are unpacked; one that cannot be read shares nothing. */
export async function imageSpace(options: InspectOptions): Promise<ImageSpace[]> {
  const { records, usage } = options;
  const images = await Promise.all(
    records.images().map(async ({ id }) => ({ id, layers: await layersOf(options, id) })),
  );
  const users = Map.groupBy(
    images.flatMap(({ layers }) => [...layers.keys()]),
    (diffId) => diffId,
  );
  return images.map(({ id, layers }) => {
    const shared = [...layers].filter(([diffId]) => (users.get(diffId)?.length ?? 0) > 1);
    return {
      id,
      sharedBytes: shared.reduce((sum, [, sizeBytes]) => sum + sizeBytes, 0),
      containers: usage.containersUsing(id).length,
    };
  });
}

/** Sizes by diff id, each layer once. */
async function layersOf(
  { records, documents, unpacker, maxManifests, logger }: InspectOptions,
  id: Digest,
): Promise<ReadonlyMap<Digest, number>> {
  const record = records.image(id);
  if (record === undefined) return new Map();
  try {
    const tree = await readImageTree(documents, record.target, maxManifests);
    const layers = await unpacker.unpacked(chooseNode(tree, id, undefined).config.rootfs.diff_ids);
    return new Map((layers ?? []).map(({ diffId, sizeBytes }) => [diffId, sizeBytes]));
  } catch (error) {
    logger.warn(`cannot read the layers of an image: ${errorMessage(error)}`, { digest: id });
    return new Map();
  }
}
