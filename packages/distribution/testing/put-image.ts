import { gzipSync } from 'node:zlib';
import { digestOf, type FakeRegistry } from './fake-registry.ts';

export interface PutDescriptor {
  mediaType: string;
  digest: string;
  size: number;
  [more: string]: unknown;
}

export interface PutLayer {
  /** Uncompressed; its digest is the diff id. */
  tar: Uint8Array;
  /** As the registry has it; gzip of the tar when missing. */
  packed?: Uint8Array;
  mediaType?: string;
  /** Further fields of its descriptor. */
  more?: object;
}

export interface PutImage {
  repository: string;
  layers: readonly PutLayer[];
  platform: { os: string; architecture: string; variant?: string };
  /** None when missing: it is had by its digest. */
  tag?: string;
  /** The image's run configuration. */
  config?: object;
  /** Further fields of the manifest. */
  more?: object;
}

const types = {
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  config: 'application/vnd.oci.image.config.v1+json',
  layer: 'application/vnd.oci.image.layer.v1.tar+gzip',
};

/** Stores an image of one platform with its blobs. */
export function putImage(registry: FakeRegistry, image: PutImage): PutDescriptor {
  const { repository, layers, platform, tag, config = {}, more = {} } = image;
  const put = (bytes: Uint8Array, mediaType: string): PutDescriptor => ({
    mediaType,
    digest: registry.putBlob(bytes),
    size: bytes.length,
  });
  const rootfs = { type: 'layers', diff_ids: layers.map(({ tar }) => digestOf(tar)) };
  const document = {
    schemaVersion: 2,
    mediaType: types.manifest,
    config: put(Buffer.from(JSON.stringify({ ...platform, config, rootfs })), types.config),
    layers: layers.map((layer) => ({
      ...put(layer.packed ?? gzipSync(layer.tar), layer.mediaType ?? types.layer),
      ...layer.more,
    })),
    ...more,
  };
  return putDocument(registry, { repository, document, ...(tag === undefined ? {} : { tag }) });
}

/** Stores a manifest or index under its digest, and under a tag where one is given. */
export function putDocument(
  registry: FakeRegistry,
  { repository, document, tag }: { repository: string; document: { mediaType: string }; tag?: string },
): PutDescriptor {
  const bytes = Buffer.from(JSON.stringify(document));
  const { mediaType } = document;
  const digest = registry.putManifest(repository, { mediaType, bytes }, tag);
  return { mediaType, digest, size: bytes.length };
}
