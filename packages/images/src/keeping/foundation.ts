import type { BlobStore } from '@gantry/content';
import type { Descriptor, Digest, HistoryEntry } from '@gantry/oci';
import type { Snapshotter } from '@gantry/snapshots';
import { InvalidImageError } from '../errors.ts';
import type { ImageLimits } from '../limits.ts';
import type { ImageDocuments } from '../reading/image-documents.ts';
import { isRunnable, readImageTree } from '../reading/image-tree.ts';
import type { ImageRecords } from '../records/image-records.ts';
import type { KeepScope } from './content-keeper.ts';
import { layerDescriptor } from './store-documents.ts';
import { storeLayer } from './store-layer.ts';

/** An image that another is made of; it may have been removed by now: its layers are still unpacked. */
export interface ParentImage {
  id: Digest;
  manifestDigest: Digest;
  layers: readonly Digest[];
  /** Its manifest, of an image without a record whose content the caller keeps. */
  target?: Descriptor;
}

/** What a new image stands on. */
export interface Foundation {
  layers: readonly Descriptor[];
  diffIds: readonly Digest[];
  history: readonly HistoryEntry[];
}

export interface FoundationOptions {
  content: BlobStore;
  snapshots: Snapshotter;
  documents: ImageDocuments;
  records: ImageRecords;
  limits: ImageLimits;
}

/** The image's own blobs; packed anew from its unpacked layers when the image was removed meanwhile. */
export async function foundationOf(
  options: FoundationOptions,
  parent: ParentImage | undefined,
  scope: KeepScope,
): Promise<Foundation> {
  if (parent === undefined) return { layers: [], diffIds: [], history: [] };
  const { documents, records, limits } = options;
  for (const diffId of parent.layers) scope.keepLayer(diffId);
  const target = records.image(parent.id)?.target ?? parent.target;
  if (target === undefined) return await packedFoundation(options, parent.layers, scope);
  const tree = await readImageTree(documents, target, limits.manifests);
  const node = tree.nodes
    .filter(isRunnable)
    .find(({ descriptor }) => descriptor.digest === parent.manifestDigest);
  if (node === undefined) return await packedFoundation(options, parent.layers, scope);
  for (const { digest } of node.manifest.layers) scope.lease.hold(digest);
  return {
    layers: node.manifest.layers,
    diffIds: node.config.rootfs.diff_ids,
    history: node.config.history ?? [],
  };
}

async function packedFoundation(
  { content, snapshots, limits }: FoundationOptions,
  diffIds: readonly Digest[],
  scope: KeepScope,
): Promise<Foundation> {
  const layers: Descriptor[] = [];
  const packedIds: Digest[] = [];
  for (const diffId of diffIds) {
    const layer = await snapshots.layer(diffId);
    if (layer === undefined) throw new InvalidImageError(`layer ${diffId} is not here any more`);
    const packed = snapshots.packDirectory(layer.path);
    const stored = await storeLayer(packed, { content, limits, lease: scope.lease });
    layers.push(layerDescriptor(stored));
    packedIds.push(stored.diffId);
  }
  return { layers, diffIds: packedIds, history: packedIds.map(() => ({ comment: 'of a removed image' })) };
}
