import type { BlobStore } from '@gantry/content';
import {
  choosePlatform,
  type Descriptor,
  type Digest,
  hostPlatform,
  type ImageConfig,
  type ImageManifest,
  isImageConfigType,
  isIndexType,
  isManifestType,
  type Platform,
  UnsupportedMediaTypeError,
  verifyLayerCount,
} from '@gantry/oci';
import { ImageContentMissingError, InvalidImageError, PlatformNotFoundError } from '../errors.ts';
import type { ImageDocuments } from './image-documents.ts';

/** One manifest that an image's target leads to. */
export interface ImageNode {
  descriptor: Descriptor;
  /** `unknown` for artifacts that cannot run, and while the manifest is not here and the index does not tell. */
  kind: 'image' | 'attestation' | 'unknown';
  /** Undefined when its blob is not here. */
  manifest: ImageManifest | undefined;
  /** Only of an image, and undefined when its blob is not here. */
  config: ImageConfig | undefined;
  /** The config's, or what the index says. */
  platform: Platform | undefined;
}

/** An image from its target down. */
export interface ImageTree {
  target: Descriptor;
  isIndex: boolean;
  /** In the index's order. */
  nodes: readonly ImageNode[];
  /** Everything the image names that ought to be here: indexes, manifests, configs, layers. */
  blobs: ReadonlyMap<Digest, Descriptor>;
}

/** A node whose manifest and config are here. */
export type RunnableNode = ImageNode & { manifest: ImageManifest; config: ImageConfig; platform: Platform };

const maxIndexDepth = 4;
const attestationAnnotation = 'vnd.docker.reference.type';
const attestedAnnotation = 'vnd.docker.reference.digest';

/**
 * Reads an image's documents. Children of an index may be missing (an image that was pulled for one platform); the
 * target itself may not. Throws `ImageContentMissingError`, `InvalidImageError`, `UnsupportedMediaTypeError` and
 * @gantry/oci's document errors.
 */
export async function readImageTree(
  documents: ImageDocuments,
  target: Descriptor,
  maxManifests: number,
): Promise<ImageTree> {
  const blobs = new Map<Digest, Descriptor>();
  const nodes: ImageNode[] = [];
  const visit = async (descriptor: Descriptor, depth: number): Promise<void> => {
    blobs.set(descriptor.digest, descriptor);
    if (isManifestType(descriptor.mediaType)) {
      nodes.push(await readNode(documents, { descriptor, blobs, isRequired: depth === 0 }));
      if (nodes.length > maxManifests) {
        throw new InvalidImageError(`image ${target.digest} names more than ${maxManifests} manifests`);
      }
      return;
    }
    if (!isIndexType(descriptor.mediaType)) {
      if (depth === 0) throw new UnsupportedMediaTypeError(descriptor.mediaType, 'image');
      return;
    }
    if (depth >= maxIndexDepth) {
      throw new InvalidImageError(`image ${target.digest} nests indexes deeper than ${maxIndexDepth}`);
    }
    const index = await (depth === 0
      ? documents.index(descriptor)
      : presentOnly(documents.index(descriptor)));
    for (const child of index?.manifests ?? []) await visit(child, depth + 1);
  };
  await visit(target, 0);
  return { target, isIndex: isIndexType(target.mediaType), nodes, blobs };
}

async function readNode(
  documents: ImageDocuments,
  options: { descriptor: Descriptor; blobs: Map<Digest, Descriptor>; isRequired: boolean },
): Promise<ImageNode> {
  const { descriptor, blobs, isRequired } = options;
  const reading = documents.manifest(descriptor);
  const manifest = await (isRequired ? reading : presentOnly(reading));
  const node = { descriptor, manifest, config: undefined, platform: descriptor.platform };
  const isAttestation = descriptor.annotations?.[attestationAnnotation] !== undefined;
  if (manifest === undefined) {
    return { ...node, kind: isAttestation ? 'attestation' : isPlatformOf(descriptor) ? 'image' : 'unknown' };
  }
  for (const part of [manifest.config, ...manifest.layers]) blobs.set(part.digest, part);
  if (isAttestation) return { ...node, kind: 'attestation' };
  if (!isImageConfigType(manifest.config.mediaType)) return { ...node, kind: 'unknown' };
  const readingConfig = documents.config(manifest.config);
  const config = await (isRequired ? readingConfig : presentOnly(readingConfig));
  if (config === undefined) return { ...node, kind: 'image' };
  verifyLayerCount(manifest, config);
  return { ...node, kind: 'image', config, platform: descriptor.platform ?? platformOf(config) };
}

/** The manifest that an attestation is about (BuildKit's attestation storage); undefined when it does not say. */
export function attestedManifest({ annotations }: Descriptor): string | undefined {
  return annotations?.[attestedAnnotation];
}

/** Whether an index says that a manifest is an image's, for a platform that there is. */
function isPlatformOf({ platform, artifactType }: Descriptor): boolean {
  return platform !== undefined && platform.os !== 'unknown' && artifactType === undefined;
}

async function presentOnly<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading;
  } catch (error) {
    if (error instanceof ImageContentMissingError) return undefined;
    throw error;
  }
}

function platformOf(config: ImageConfig): Platform {
  const { os, architecture, variant } = config;
  return { os, architecture, ...(variant === undefined ? {} : { variant }) };
}

export function isRunnable(node: ImageNode): node is RunnableNode {
  return node.manifest !== undefined && node.config !== undefined && node.platform !== undefined;
}

/**
 * The node for a platform. Without one: the host's, and if the image has none for it, the first. Throws
 * `PlatformNotFoundError` naming `ref`.
 */
export function chooseNode(
  tree: ImageTree,
  ref: string,
  platform: Platform | undefined,
  host: Platform = hostPlatform(),
): RunnableNode {
  const runnable = tree.nodes.filter(isRunnable);
  const wanted = platform === undefined ? { platform: host } : { platform, strict: true };
  const chosen = choosePlatform(runnable, (node) => node.platform, wanted);
  if (chosen !== undefined) return chosen;
  const [first] = runnable;
  if (platform !== undefined || first === undefined) throw new PlatformNotFoundError(ref, platform ?? host);
  return first;
}

/**
 * Blobs of a node that are not in the store. Throws `InvalidImageError` for one whose size is not what its descriptor
 * says.
 */
export async function missingBlobs(content: Pick<BlobStore, 'stat'>, node: ImageNode): Promise<Descriptor[]> {
  const { manifest, descriptor } = node;
  if (manifest === undefined) return [descriptor];
  const missing: Descriptor[] = [];
  for (const part of [descriptor, manifest.config, ...manifest.layers]) {
    const found = await content.stat(part.digest);
    if (found === undefined) missing.push(part);
    else if (found.sizeBytes !== part.size) {
      throw new InvalidImageError(
        `blob ${part.digest} has ${found.sizeBytes} bytes; its descriptor says ${part.size}`,
        { subject: part.digest },
      );
    }
  }
  return missing;
}
