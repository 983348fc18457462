import { errorMessage } from '@gantry/base';
import type { BlobStore } from '@gantry/content';
import type { LayerUnpacker } from '../keeping/layer-unpacker.ts';
import type { ImageDocuments } from '../reading/image-documents.ts';
import { chooseNode, isRunnable, missingBlobs, readImageTree } from '../reading/image-tree.ts';
import type { ImageRecords } from '../records/image-records.ts';

/** Something about an image, a name or a blob that must not be. */
export interface ImageProblem {
  /** A name, an image's id or a blob's digest. */
  object: string;
  fact: string;
}

/** What is compared with each other. */
export interface CheckedStores {
  records: ImageRecords;
  documents: ImageDocuments;
  content: Pick<BlobStore, 'list' | 'stat'>;
  unpacker: Pick<LayerUnpacker, 'unpacked'>;
  maxManifests: number;
}

/**
 * Looks at every name, image and blob, and changes nothing: names stand for images, images have their blobs in their full
 * size and their layers unpacked, and no blob is there for nothing. Blobs that are just coming in look like the last.
 */
export async function checkImages(options: CheckedStores): Promise<ImageProblem[]> {
  const { records, content } = options;
  const problems: ImageProblem[] = records
    .names()
    .filter(({ record }) => records.image(record.imageId) === undefined)
    .map(({ name, record }) => ({ object: name, fact: `stands for ${record.imageId}, which is not there` }));
  const referenced = new Set<string>();
  for (const { id } of records.images()) {
    try {
      problems.push(...(await checkImage(options, id, referenced)));
    } catch (error) {
      problems.push({ object: id, fact: errorMessage(error) });
    }
  }
  for await (const { digest } of content.list()) {
    if (!referenced.has(digest)) problems.push({ object: digest, fact: 'a blob that no image has' });
  }
  return problems;
}

async function checkImage(
  { records, documents, content, unpacker, maxManifests }: CheckedStores,
  id: Parameters<typeof records.image>[0],
  referenced: Set<string>,
): Promise<ImageProblem[]> {
  const record = records.image(id);
  if (record === undefined) return [];
  referenced.add(id);
  const tree = await readImageTree(documents, record.target, maxManifests);
  for (const digest of tree.blobs.keys()) referenced.add(digest);
  const problems: ImageProblem[] = [];
  const own = chooseNode(tree, id, undefined);
  for (const node of tree.nodes.filter(isRunnable)) {
    const missing = await missingBlobs(content, node);
    // Of other platforms an image may have less than it names.
    if (node !== own) continue;
    problems.push(...missing.map(({ digest }) => ({ object: id, fact: `blob ${digest} is missing` })));
  }
  if ((await unpacker.unpacked(own.config.rootfs.diff_ids)) === undefined) {
    problems.push({ object: id, fact: 'a layer is not unpacked' });
  }
  return problems;
}
