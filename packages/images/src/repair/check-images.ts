import { errorMessage } from '@gantry/base';
import type { BlobStore } from '@gantry/content';
import type { Digest } from '@gantry/oci';
import type { ListedLayer } from '@gantry/snapshots';
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
  snapshots: { layers(): Promise<readonly Pick<ListedLayer, 'diffId' | 'isUsed'>[]> };
  maxManifests: number;
  /** Whether a blob is kept though no image has it: by a build's cache, or by what is under way. */
  isKept: (digest: Digest) => boolean;
}

/**
 * Looks at every name, image and blob, and changes nothing: names stand for images, images have their blobs in their full
 * size and their layers unpacked, and no blob and no layer is there for nothing. What is just coming in looks like the last.
 */
export async function checkImages(options: CheckedStores): Promise<ImageProblem[]> {
  const { records, content, snapshots, isKept } = options;
  const problems: ImageProblem[] = records
    .names()
    .filter(({ record }) => records.image(record.imageId) === undefined)
    .map(({ name, record }) => ({ object: name, fact: `stands for ${record.imageId}, which is not there` }));
  const referenced: Referenced = { blobs: new Set(), layers: new Set() };
  for (const { id } of records.images()) {
    try {
      problems.push(...(await checkImage(options, id, referenced)));
    } catch (error) {
      problems.push({ object: id, fact: errorMessage(error) });
    }
  }
  for await (const { digest } of content.list()) {
    if (!referenced.blobs.has(digest) && !isKept(digest))
      problems.push({ object: digest, fact: 'a blob that no image has' });
  }
  for (const { diffId, isUsed } of await snapshots.layers()) {
    if (isUsed || referenced.layers.has(diffId) || isKept(diffId)) continue;
    problems.push({ object: diffId, fact: 'an unpacked layer that no image has' });
  }
  return problems;
}

/** What images have. */
interface Referenced {
  blobs: Set<string>;
  layers: Set<string>;
}

async function checkImage(
  { records, documents, content, unpacker, maxManifests }: CheckedStores,
  id: Parameters<typeof records.image>[0],
  referenced: Referenced,
): Promise<ImageProblem[]> {
  const record = records.image(id);
  if (record === undefined) return [];
  referenced.blobs.add(id);
  const tree = await readImageTree(documents, record.target, maxManifests);
  for (const digest of tree.blobs.keys()) referenced.blobs.add(digest);
  for (const node of tree.nodes.filter(isRunnable)) {
    for (const diffId of node.config.rootfs.diff_ids) referenced.layers.add(diffId);
  }
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
