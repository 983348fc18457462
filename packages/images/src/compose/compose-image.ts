import { faultPoint } from '@gantry/base';
import {
  type Descriptor,
  type Digest,
  formatPlatform,
  type ImageIndex,
  mediaTypes,
  type Platform,
  parseReference,
} from '@gantry/oci';
import type { KeepScope } from '../keeping/content-keeper.ts';
import { type FoundationOptions, foundationOf } from '../keeping/foundation.ts';
import { imageConfig, storeDocuments, storeJson } from '../keeping/store-documents.ts';
import { storeAttestations } from './attestation-manifest.ts';
import type { ImageFormat, PlatformAnnotation, PlatformImage } from './image-format.ts';
import { familyOf, LayerPacker } from './layer-packer.ts';
import { imagePackageUrl } from './package-url.ts';
import type { PackedLayers } from './packed-layers.ts';

export interface ComposeContext extends FoundationOptions {
  packed: PackedLayers;
}

export interface ComposeRequest {
  /** One for each platform, in the order of the index. */
  platforms: readonly PlatformImage[];
  format: ImageFormat;
  /** What attestations call the image. */
  names: readonly string[];
  /** An index even around one manifest. There always is one around several, and where something is attested. */
  index: boolean;
  signal?: AbortSignal;
}

/** An image whose content is in the store, without a record. */
export interface ComposedImage {
  /** Its manifest, or its index. */
  target: Descriptor;
  manifests: readonly ComposedManifest[];
}

export interface ComposedManifest {
  platform: Platform;
  manifest: Descriptor;
  config: Digest;
}

/** Stores all that an image consists of; equal requests give equal images. Throws `ImageContentMissingError`, `StorageFullError`. */
export async function composeImage(
  context: ComposeContext,
  request: ComposeRequest,
  scope: KeepScope,
): Promise<ComposedImage> {
  const { content } = context;
  const { platforms, format, names } = request;
  const isAttested = platforms.some(({ attestations }) => attestations.length > 0);
  const family = isAttested ? 'oci' : familyOf(format);
  const manifests: ComposedManifest[] = [];
  const attested: Descriptor[] = [];
  for (const image of platforms) {
    const made = await composeManifest(context, image, { ...request, format: { ...format, family } }, scope);
    manifests.push(made);
    faultPoint('build-output/manifest-stored');
    if (image.attestations.length === 0) continue;
    const { attestations, platform } = image;
    const descriptor = await storeAttestations(content, scope.lease, {
      attestations,
      about: made.manifest,
      names: names.map((name) => imagePackageUrl(parseReference(name), platform)),
      asArtifact: format.artifacts,
    });
    faultPoint('build-attest/attestations-stored');
    attested.push(descriptor);
  }
  const [only] = manifests;
  if (only !== undefined && manifests.length === 1 && !isAttested && !request.index)
    return { target: only.manifest, manifests };
  const mediaType = family === 'oci' ? mediaTypes.index : mediaTypes.dockerIndex;
  const index: ImageIndex = {
    schemaVersion: 2,
    mediaType,
    manifests: [...manifests.map((made) => inIndex(made, format)), ...attested],
    ...(Object.keys(format.annotations.index).length > 0 && { annotations: { ...format.annotations.index } }),
  };
  const target = await storeJson(content, scope.lease, { mediaType, document: index });
  faultPoint('build-attest/index-stored');
  return { target, manifests };
}

async function composeManifest(
  context: ComposeContext,
  image: PlatformImage,
  { format, signal }: ComposeRequest,
  scope: KeepScope,
): Promise<ComposedManifest> {
  const below = await foundationOf(context, image.parent, scope);
  const { content, packed } = context;
  const packer = new LayerPacker({ content, packed, scope, format, ...(signal && { signal }) });
  const layers = await Promise.all([
    ...below.layers.map((layer, at) => packer.inherited(layer, below.diffIds[at] ?? layer.digest)),
    ...image.layers.map((layer) => packer.own(layer)),
  ]);
  signal?.throwIfAborted();
  faultPoint('build-output/layers-packed');
  const { platform, config, author, created, history, inlineCache } = image;
  const stored = await storeDocuments(content, scope.lease, {
    layers: layers.map(({ descriptor }) => descriptor),
    config: imageConfig({
      platform,
      config,
      author,
      created: created.toISOString(),
      diffIds: layers.map(({ diffId }) => diffId),
      history: [...below.history, ...history],
      ...(inlineCache !== undefined && { inlineCache }),
    }),
    family: familyOf(format),
    annotations: annotationsFor(format.annotations.manifests, platform),
  });
  return { platform, manifest: stored.manifest, config: stored.config.digest };
}

function inIndex({ platform, manifest }: ComposedManifest, { annotations }: ImageFormat): Descriptor {
  const own = annotationsFor(annotations.descriptors, platform);
  return { ...manifest, ...(Object.keys(own).length > 0 && { annotations: own }), platform: { ...platform } };
}

/** Those of all platforms, and over them those of this one. */
function annotationsFor(
  annotations: readonly PlatformAnnotation[],
  platform: Platform,
): Record<string, string> {
  const own = formatPlatform(platform);
  const here = annotations.filter(
    (annotation) => annotation.platform === undefined || formatPlatform(annotation.platform) === own,
  );
  const ordered = here.toSorted(
    (a, b) => Number(a.platform !== undefined) - Number(b.platform !== undefined),
  );
  return Object.fromEntries(ordered.map(({ key, value }) => [key, value]));
}
