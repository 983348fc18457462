import { errorMessage, type Logger } from '@gantry/base';
import type { BlobStore } from '@gantry/content';
import { type Digest, hostPlatform } from '@gantry/oci';
import { ImageContentMissingError, PlatformNotFoundError } from '../errors.ts';
import type { CollectedGarbage, ContentKeeper } from '../keeping/content-keeper.ts';
import type { LayerUnpacker } from '../keeping/layer-unpacker.ts';
import type { ImageDocuments } from '../reading/image-documents.ts';
import { chooseNode, missingBlobs, type RunnableNode, readImageTree } from '../reading/image-tree.ts';
import type { ImageRecord, ImageRecords } from '../records/image-records.ts';

export interface RepairOptions {
  content: BlobStore;
  records: ImageRecords;
  documents: ImageDocuments;
  unpacker: LayerUnpacker;
  keeper: ContentKeeper;
  logger: Logger;
  maxManifests: number;
}

export interface RepairReport {
  /** Images that cannot be used; they stay listed, and can be removed or loaded again. */
  damaged: readonly { id: Digest; names: readonly string[]; problem: string }[];
  /** Layers whose directory was gone, unpacked again from their blobs. */
  unpackedLayers: readonly Digest[];
  /** Names that stood for an image without a record. */
  droppedNames: readonly string[];
  garbage: CollectedGarbage;
}

/** The start-up pass: finishes or undoes what was half done when the engine ended, and tells what is damaged. Idempotent. */
export async function repairImages(options: RepairOptions, signal?: AbortSignal): Promise<RepairReport> {
  const { records, logger } = options;
  const droppedNames = dropNames(records);
  const damaged: { id: Digest; names: readonly string[]; problem: string }[] = [];
  const unpackedLayers: Digest[] = [];
  for (const { id, record } of records.images()) {
    try {
      unpackedLayers.push(...(await repairImage(options, record, signal)));
    } catch (error) {
      signal?.throwIfAborted();
      const names = records.namesOf(id);
      damaged.push({ id, names, problem: errorMessage(error) });
      logger.error('an image is damaged', { digest: id, imageRef: names[0] ?? id, error });
    }
  }
  return { damaged, unpackedLayers, droppedNames, garbage: await options.keeper.collectGarbage() };
}

function dropNames(records: ImageRecords): string[] {
  return records.transaction(() => {
    const lost = records.names().filter(({ record }) => records.image(record.imageId) === undefined);
    for (const { name } of lost) records.deleteName(name);
    return lost.map(({ name }) => name);
  });
}

async function repairImage(
  { content, documents, unpacker, maxManifests }: RepairOptions,
  record: ImageRecord,
  signal?: AbortSignal,
): Promise<readonly Digest[]> {
  const tree = await readImageTree(documents, record.target, maxManifests);
  let node: RunnableNode;
  try {
    node = chooseNode(tree, record.target.digest, tree.isIndex ? hostPlatform() : undefined);
  } catch (error) {
    // An index for other machines has nothing that is unpacked here.
    if (tree.isIndex && error instanceof PlatformNotFoundError) return [];
    throw error;
  }
  const [missing] = await missingBlobs(content, node);
  if (missing !== undefined) throw new ImageContentMissingError(missing.digest, 'image');
  const diffIds = node.config.rootfs.diff_ids;
  const present = await Promise.all(diffIds.map((diffId) => unpacker.unpacked([diffId])));
  const lost = diffIds.filter((_, at) => present[at] === undefined);
  if (lost.length > 0) await unpacker.unpack(node, signal === undefined ? {} : { signal });
  return lost;
}
