import type { BlobLease, BlobStore } from '@gantry/content';
import {
  type Descriptor,
  type Digest,
  type HistoryEntry,
  type ImageConfig,
  type ImageManifest,
  type ImageRunConfig,
  layerMediaType,
  type MediaTypeFamily,
  mediaTypes,
  type Platform,
} from '@gantry/oci';
import { ingestBytes } from './ingest-bytes.ts';
import type { StoredLayerBlob } from './store-layer.ts';

export interface ImageParts {
  config: ImageConfig;
  layers: readonly Descriptor[];
  /** OCI's when missing. */
  family?: MediaTypeFamily;
  /** Of the manifest. */
  annotations?: Readonly<Record<string, string>>;
}

/** An image's documents in the store. */
export interface StoredDocuments {
  manifest: Descriptor;
  config: Descriptor;
}

/** Stores an image's config and manifest. Equal ones give the same digest. */
export async function storeDocuments(
  content: BlobStore,
  lease: BlobLease,
  { config, layers, family = 'oci', annotations = {} }: ImageParts,
): Promise<StoredDocuments> {
  const types = familyTypes[family];
  const storedConfig = await storeJson(content, lease, { mediaType: types.config, document: config });
  const manifest: ImageManifest = {
    schemaVersion: 2,
    mediaType: types.manifest,
    config: storedConfig,
    layers: [...layers],
    ...(Object.keys(annotations).length > 0 && { annotations: { ...annotations } }),
  };
  return {
    manifest: await storeJson(content, lease, { mediaType: types.manifest, document: manifest }),
    config: storedConfig,
  };
}

const familyTypes = {
  oci: { config: mediaTypes.config, manifest: mediaTypes.manifest },
  docker: { config: mediaTypes.dockerConfig, manifest: mediaTypes.dockerManifest },
} as const;

/** Stores a document as JSON; its fields stay in their order. */
export async function storeJson(
  content: BlobStore,
  lease: BlobLease,
  { mediaType, document }: { mediaType: string; document: object },
): Promise<Descriptor> {
  const { digest, sizeBytes } = await ingestBytes(content, Buffer.from(JSON.stringify(document)), lease);
  return { mediaType, digest, size: sizeBytes };
}

/** How a manifest names a layer. */
export function layerDescriptor({ blob, compression }: StoredLayerBlob): Descriptor {
  return { mediaType: layerMediaType(compression), digest: blob.digest, size: blob.sizeBytes };
}

export interface ConfigParts {
  platform: Platform;
  config: ImageRunConfig;
  author: string;
  created: string;
  diffIds: readonly Digest[];
  history: readonly HistoryEntry[];
  inlineCache?: string;
}

/** The config blob of an image, without what is empty. */
export function imageConfig({
  platform,
  config,
  author,
  created,
  diffIds,
  history,
  inlineCache,
}: ConfigParts): ImageConfig {
  return {
    created,
    ...(author === '' ? {} : { author }),
    architecture: platform.architecture,
    os: platform.os,
    ...(platform.variant === undefined ? {} : { variant: platform.variant }),
    config,
    rootfs: { type: 'layers', diff_ids: [...diffIds] },
    history: [...history],
    ...(inlineCache === undefined ? {} : { 'moby.buildkit.cache.v0': inlineCache }),
  };
}
