import type { ImageManifestSummary } from '@gantry/api-types';
import type { BlobStore } from '@gantry/content';
import type { ImageUsage, ImageUser } from '../image-store.ts';
import type { LayerUnpacker } from '../keeping/layer-unpacker.ts';
import { attestedManifest, type ImageNode, type ImageTree, missingBlobs } from '../reading/image-tree.ts';
import type { ImageRecords } from '../records/image-records.ts';

export interface ManifestQueryOptions {
  content: BlobStore;
  unpacker: LayerUnpacker;
  records: ImageRecords;
  usage: ImageUsage;
}

/** What an image has for each platform, and what is attested of it, as far as it is here. */
export function summarizeManifests(
  options: ManifestQueryOptions,
  tree: ImageTree,
): Promise<ImageManifestSummary[]> {
  const users = options.usage.containersUsing(tree.target.digest);
  return Promise.all(tree.nodes.map((node) => summarize(options, node, users)));
}

async function summarize(
  { content, unpacker }: ManifestQueryOptions,
  node: ImageNode,
  users: readonly ImageUser[],
): Promise<ImageManifestSummary> {
  const { descriptor, manifest, config, platform } = node;
  const missing = new Set(await missingBlobs(content, node));
  const parts = manifest === undefined ? [] : [manifest.config, ...manifest.layers];
  const present = [descriptor, ...parts].filter((part) => !missing.has(part));
  const contentBytes = present.reduce((sum, part) => sum + part.size, 0);
  const layers = (await unpacker.unpacked(config?.rootfs.diff_ids ?? [])) ?? [];
  const unpackedBytes = layers.reduce((sum, layer) => sum + layer.sizeBytes, 0);
  const containers = users
    .filter(({ manifestDigest = descriptor.digest }) => manifestDigest === descriptor.digest)
    .map(({ id }) => id);
  return {
    ID: descriptor.digest,
    Descriptor: { ...descriptor },
    Available: missing.size === 0,
    Size: { Content: contentBytes, Total: contentBytes + unpackedBytes },
    Kind: node.kind,
    ...(node.kind === 'image' && platform !== undefined
      ? {
          ImageData: { Platform: { ...platform }, Containers: containers, Size: { Unpacked: unpackedBytes } },
        }
      : {}),
    ...(node.kind === 'attestation' ? { AttestationData: { For: attestedManifest(descriptor) ?? '' } } : {}),
  };
}
