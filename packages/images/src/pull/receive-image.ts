import type { BlobStore } from '@gantry/content';
import {
  choosePlatform,
  type Descriptor,
  type Digest,
  isImageConfigType,
  manifestKind,
  maxDocumentBytes,
  mediaTypes,
  type Platform,
  parseIndex,
  parseManifest,
} from '@gantry/oci';
import { NoMatchingManifestError, NotAnImageError } from '../errors.ts';
import type { ResolvedImage } from '../image-store.ts';
import type { KeepScope } from '../keeping/content-keeper.ts';
import type { LayerUnpacker } from '../keeping/layer-unpacker.ts';
import type { ImageDocuments } from '../reading/image-documents.ts';

/** Blobs of an image that somebody else has. */
export interface BlobSource {
  /** Its bytes are not verified. Throws for one that is not there. */
  read(digest: Digest, options: { signal: AbortSignal }): AsyncIterable<Uint8Array>;
}

export interface ReceiveRequest {
  /** What messages call the image. */
  name: string;
  /** Of its manifest or index. */
  digest: Digest;
  platform: Platform;
  signal: AbortSignal;
}

/** An image whose content is in the store, without a record. */
export interface ReceivedImage extends ResolvedImage {
  /** Its manifest. */
  target: Descriptor;
}

export interface ReceiveOptions {
  content: BlobStore;
  documents: ImageDocuments;
  unpacker: LayerUnpacker;
}

/**
 * Brings what an image is for one platform into the store, verified and unpacked; what is there already is not read. The scope keeps it.
 * Throws `NoMatchingManifestError`, `NotAnImageError`, `BlobMismatchError`, and what the source and unpacking throw.
 */
export async function receiveImage(
  { content, documents, unpacker }: ReceiveOptions,
  source: BlobSource,
  { name, digest, platform, signal }: ReceiveRequest,
  scope: KeepScope,
): Promise<ReceivedImage> {
  const take = async (
    blob: Pick<Descriptor, 'digest'> & { size?: number },
    maxBytes?: number,
  ): Promise<void> => {
    scope.lease.hold(blob.digest);
    if ((await content.stat(blob.digest)) !== undefined) return;
    await content.ingest(source.read(blob.digest, { signal }), {
      digest: blob.digest,
      ...(blob.size !== undefined && { sizeBytes: blob.size }),
      ...(maxBytes !== undefined && { maxBytes }),
      lease: scope.lease,
      signal,
    });
  };
  const document = async (of: Digest): Promise<Uint8Array> => {
    await take({ digest: of }, maxDocumentBytes);
    return await content.readSmall(of, maxDocumentBytes);
  };
  const top = await document(digest);
  const isIndex = manifestKind(top) === 'index';
  const chosen = isIndex ? chooseManifest(top, name, platform) : digest;
  const bytes = isIndex ? await document(chosen) : top;
  const manifest = parseManifest(bytes);
  if (!isImageConfigType(manifest.config.mediaType))
    throw new NotAnImageError(name, manifest.artifactType ?? manifest.config.mediaType);
  await take(manifest.config, maxDocumentBytes);
  const config = await documents.config(manifest.config);
  for (const [at, layer] of manifest.layers.entries()) {
    const diffId = config.rootfs.diff_ids[at];
    if (diffId !== undefined) scope.keepLayer(diffId);
    await take(layer);
    await unpacker.unpackOne(layer, diffId, { signal });
  }
  const target = { mediaType: manifest.mediaType ?? mediaTypes.manifest, digest: chosen, size: bytes.length };
  const { os, architecture, variant } = config;
  return {
    id: digest,
    manifestDigest: chosen,
    config,
    layers: config.rootfs.diff_ids,
    platform: { os, architecture, ...(variant !== undefined && { variant }) },
    target,
  };
}

function chooseManifest(bytes: Uint8Array, name: string, platform: Platform): Digest {
  const { manifests } = parseIndex(bytes);
  // A layout names its images by an index of one manifest, which need not say its platform.
  const [only] = manifests;
  if (only !== undefined && manifests.length === 1 && only.platform === undefined) return only.digest;
  const chosen = choosePlatform(manifests, (child) => child.platform, { platform, strict: true });
  if (chosen === undefined) throw new NoMatchingManifestError(name, platform);
  return chosen.digest;
}
