import type { BlobLease, BlobStore } from '@gantry/content';
import {
  type Descriptor,
  type ImageConfig,
  type ImageManifest,
  layerMediaType,
  mediaTypes,
} from '@gantry/oci';
import { ingestBytes } from './ingest-bytes.ts';
import type { StoredLayerBlob } from './store-layer.ts';

/** Stores an image's config and manifest. Equal ones give the same digest. */
export async function storeDocuments(
  content: BlobStore,
  lease: BlobLease,
  { config, layers }: { config: ImageConfig; layers: readonly Descriptor[] },
): Promise<Descriptor> {
  const storedConfig = await ingestBytes(content, Buffer.from(JSON.stringify(config)), lease);
  const manifest: ImageManifest = {
    schemaVersion: 2,
    mediaType: mediaTypes.manifest,
    config: { mediaType: mediaTypes.config, digest: storedConfig.digest, size: storedConfig.sizeBytes },
    layers: [...layers],
  };
  const stored = await ingestBytes(content, Buffer.from(JSON.stringify(manifest)), lease);
  return { mediaType: mediaTypes.manifest, digest: stored.digest, size: stored.sizeBytes };
}

/** How a manifest names a layer. */
export function layerDescriptor({ blob, compression }: StoredLayerBlob): Descriptor {
  return { mediaType: layerMediaType(compression), digest: blob.digest, size: blob.sizeBytes };
}
