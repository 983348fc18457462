import type { ImageManifestSummary } from '@gantry/api-types';
import type { BlobStore } from '@gantry/content';
import type { ImageUsage } from '../image-store.ts';
import type { LayerUnpacker } from '../keeping/layer-unpacker.ts';
import { type ImageNode, type ImageTree, missingBlobs } from '../reading/image-tree.ts';
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
  return Promise.all(tree.nodes.map((node) => summarize(options, node)));
}

async function summarize(options: ManifestQueryOptions, node: ImageNode): Promise<ImageManifestSummary> {
  const { content, unpacker, usage, records } = options;
  const { descriptor, manifest, config, platform } = node;
  const missing = await missingBlobs(content, node);
  const parts = manifest === undefined ? [] : [manifest.config, ...manifest.layers];
  const contentBytes = [descriptor, ...parts].reduce((sum, part) => sum + part.size, 0);
  const layers = (await unpacker.unpacked(config?.rootfs.diff_ids ?? [])) ?? [];
  const unpackedBytes = layers.reduce((sum, layer) => sum + layer.sizeBytes, 0);
  const id = records.images().find(({ record }) => record.target.digest === descriptor.digest)?.id;
  const containers = id === undefined ? [] : usage.containersUsing(id).map((container) => container.id);
  return {
    ID: descriptor.digest,
    Descriptor: { ...descriptor },
    Available: missing.length === 0,
    Size: { Content: contentBytes, Total: contentBytes + unpackedBytes },
    Kind: node.kind,
    ...(node.kind === 'image' && platform !== undefined
      ? {
          ImageData: { Platform: { ...platform }, Containers: containers, Size: { Unpacked: unpackedBytes } },
        }
      : {}),
    ...(node.kind === 'attestation'
      ? { AttestationData: { For: descriptor.annotations?.['vnd.docker.reference.digest'] ?? '' } }
      : {}),
  };
}
