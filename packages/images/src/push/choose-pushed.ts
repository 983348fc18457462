import type { BlobStore } from '@gantry/content';
import { ManifestUnknownError, type RemoteRepository } from '@gantry/distribution';
import {
  choosePlatform,
  type Descriptor,
  type Digest,
  hostPlatform,
  isForeignLayerType,
  isIndexType,
  isManifestType,
} from '@gantry/oci';
import { IncompleteIndexError } from '../errors.ts';
import { type ImageNode, type ImageTree, missingBlobs } from '../reading/image-tree.ts';

/** Where a push looks for what it has to send. */
export interface PushPlaces {
  content: Pick<BlobStore, 'stat'>;
  repository: RemoteRepository;
  signal: AbortSignal;
}

/** What a push sends, and what of the image it need not. */
export interface PushedParts {
  blobs: readonly Descriptor[];
  /** Children before what names them, the target last. */
  documents: readonly Descriptor[];
}

/**
 * What is here of an image, where the rest is in the repository, or is a foreign layer that need not be. The blob or manifest that is
 * neither when there is one.
 */
export async function partsToPush(tree: ImageTree, places: PushPlaces): Promise<PushedParts | Digest> {
  const here: Descriptor[] = [];
  for (const part of tree.blobs.values()) {
    if ((await places.content.stat(part.digest)) !== undefined) here.push(part);
    // A manifest may name layers that no registry has, and says where they are.
    else if (isForeignLayerType(part.mediaType) && (part.urls ?? []).length > 0) continue;
    else if (!(await isThere(part, places))) return part.digest;
  }
  return {
    blobs: here.filter((part) => !isDocument(part)),
    // A tree lists parents first.
    documents: here.filter(isDocument).reverse(),
  };
}

/**
 * The one platform of an incomplete index that is here: the only one, else the host's. Throws `IncompleteIndexError` naming what is
 * missing when there is none.
 */
export async function platformInstead(
  tree: ImageTree,
  content: Pick<BlobStore, 'stat'>,
  { image, missing }: { image: string; missing: Digest },
): Promise<ImageTree> {
  const whole: ImageNode[] = [];
  for (const node of tree.nodes) {
    if (node.kind === 'image' && (await missingBlobs(content, node)).length === 0) whole.push(node);
  }
  const [first, ...others] = whole;
  const chosen =
    others.length === 0
      ? first
      : choosePlatform(whole, (node) => node.platform, { platform: hostPlatform() });
  const alone = tree.isIndex && chosen !== undefined ? treeOf(chosen) : undefined;
  if (alone === undefined) throw new IncompleteIndexError(image, missing);
  return alone;
}

/** The tree of one manifest alone; undefined when it is not here. */
export function treeOf(node: ImageNode): ImageTree | undefined {
  const { manifest, descriptor } = node;
  if (manifest === undefined) return undefined;
  const parts = [descriptor, manifest.config, ...manifest.layers];
  return {
    target: descriptor,
    isIndex: false,
    nodes: [node],
    blobs: new Map(parts.map((part) => [part.digest, part])),
  };
}

function isDocument({ mediaType }: Descriptor): boolean {
  return isManifestType(mediaType) || isIndexType(mediaType);
}

async function isThere(part: Descriptor, { repository, signal }: PushPlaces): Promise<boolean> {
  if (!isDocument(part)) return repository.hasBlob(part.digest, { signal });
  try {
    await repository.manifest(part.digest, { signal });
    return true;
  } catch (error) {
    if (error instanceof ManifestUnknownError) return false;
    throw error;
  }
}
