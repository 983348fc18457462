import type { BlobStore } from '@gantry/content';
import {
  canonicalName,
  type Descriptor,
  familiarString,
  isIndexType,
  mediaTypes,
  type Platform,
  parseReference,
} from '@gantry/oci';
import { ImageContentMissingError } from '../errors.ts';
import { blobPath } from '../load/spool-archive.ts';
import type { ImageDocuments } from '../reading/image-documents.ts';
import {
  chooseNode,
  type ImageTree,
  isRunnable,
  missingBlobs,
  type RunnableNode,
  readImageTree,
} from '../reading/image-tree.ts';
import { findImage } from '../records/find-image.ts';
import type { ImageRecords } from '../records/image-records.ts';

export interface SaveContext {
  content: BlobStore;
  records: ImageRecords;
  documents: ImageDocuments;
  maxManifests: number;
}

/** What an archive will hold. */
export interface ArchivePlan {
  /** Sorted by digest. */
  blobs: readonly Descriptor[];
  /** `index.json`, `manifest.json` and `oci-layout`, by name. */
  documents: ReadonlyMap<string, string>;
}

interface SavedImage {
  target: Descriptor;
  tree: ImageTree;
  /** What a reader that knows one platform only gets. */
  shown: RunnableNode | undefined;
  names: Set<string>;
}

/**
 * Decides what goes into an archive of `refs`: a name without a tag stands for all tags of its repository, an id for the
 * image without names, a single platform for that manifest of each image alone, several for the content of these. Platforms of an
 * index that are not here are left out, unless they are asked for. Throws `ImageNotFoundError`, `PlatformNotFoundError`, `ImageContentMissingError`.
 */
export async function planArchive(
  context: SaveContext,
  refs: readonly string[],
  platforms: readonly Platform[] = [],
): Promise<ArchivePlan> {
  const images = new Map<string, SavedImage>();
  for (const { record, ref, name } of refs.flatMap((ref) => selectImages(context.records, ref))) {
    const tree = await readImageTree(context.documents, record.target, context.maxManifests);
    const chosen = platforms.map((platform) => chooseNode(tree, ref, platform));
    const [only] = chosen;
    const target = chosen.length === 1 && only !== undefined ? plain(only.descriptor) : record.target;
    const image = images.get(target.digest) ?? (await saveImage(context, target, chosen));
    images.set(target.digest, image);
    if (name !== undefined) image.names.add(name);
  }
  const saved = [...images.values()];
  return {
    blobs: await presentBlobs(context.content, saved),
    documents: documentsOf(saved, 'docker'),
  };
}

/** For whom an archive is: an OCI layout alone, or one that is a docker archive too. */
export type ArchiveStyle = 'oci' | 'docker';

/** Decides what goes into an archive of one image that need not be recorded. Throws `ImageContentMissingError`. */
export async function planTargetArchive(
  context: SaveContext,
  target: Descriptor,
  request: {
    names: readonly string[];
    style: ArchiveStyle;
    /** Of the image's descriptor in `index.json`. */
    annotations: Readonly<Record<string, string>>;
  },
): Promise<ArchivePlan> {
  const image = await saveImage(context, target, []);
  for (const name of request.names) image.names.add(name);
  const annotated = { ...target, annotations: { ...target.annotations, ...request.annotations } };
  const isAnnotated = Object.keys(annotated.annotations).length > 0;
  return {
    blobs: await presentBlobs(context.content, [image]),
    documents: documentsOf([{ ...image, target: isAnnotated ? annotated : target }], request.style),
  };
}

function documentsOf(images: readonly SavedImage[], style: ArchiveStyle): ReadonlyMap<string, string> {
  return new Map([
    ['index.json', JSON.stringify(indexJson(images))],
    ...(style === 'docker'
      ? [['manifest.json', JSON.stringify(images.flatMap(manifestEntry))] as const]
      : []),
    ['oci-layout', JSON.stringify({ imageLayoutVersion: '1.0.0' })],
  ]);
}

function selectImages(
  records: ImageRecords,
  ref: string,
): { record: { target: Descriptor }; ref: string; name: string | undefined }[] {
  const inRepository = repositoryNames(records, ref);
  if (inRepository.length === 0 || isId(records, ref)) {
    const found = findImage(records, ref);
    const isTag = found.by === 'name' && !ref.includes('@');
    return [{ record: found.record, ref, name: isTag ? found.names[0] : undefined }];
  }
  return inRepository.map((name) => ({ record: findImage(records, name).record, ref, name }));
}

/** Every name in the repository when `ref` is a name alone. */
function repositoryNames(records: ImageRecords, ref: string): string[] {
  if (/^(?:sha256:)?[0-9a-f]{64}$/.test(ref)) return [];
  const reference = parseReference(ref);
  if (reference.tag !== undefined || reference.digest !== undefined) return [];
  return records.namesIn(canonicalName(reference)).map(({ name }) => name);
}

function isId(records: ImageRecords, ref: string): boolean {
  try {
    return findImage(records, ref).by === 'id';
  } catch {
    return false;
  }
}

async function saveImage(
  context: SaveContext,
  target: Descriptor,
  chosen: readonly RunnableNode[],
): Promise<SavedImage> {
  const tree = onlyNodes(await readImageTree(context.documents, target, context.maxManifests), chosen);
  const whole: RunnableNode[] = [];
  for (const node of tree.nodes.filter(isRunnable)) {
    const [missing] = await missingBlobs(context.content, node);
    if (missing === undefined) whole.push(node);
    else if (!tree.isIndex || chosen.length > 0) {
      throw new ImageContentMissingError(missing.digest, 'image');
    }
  }
  const shown =
    whole.length === 0 ? undefined : chooseNode({ ...tree, nodes: whole }, target.digest, undefined);
  return { target, tree, shown, names: new Set() };
}

/** The tree without the content of what was not chosen; the whole one when nothing was. */
function onlyNodes(tree: ImageTree, chosen: readonly RunnableNode[]): ImageTree {
  if (chosen.length === 0) return tree;
  const digests = new Set(chosen.map(({ descriptor }) => descriptor.digest));
  const nodes = tree.nodes.filter(({ descriptor }) => digests.has(descriptor.digest));
  const parts = nodes.flatMap(({ descriptor, manifest }) =>
    manifest === undefined ? [] : [descriptor, manifest.config, ...manifest.layers],
  );
  const indexes = [...tree.blobs.values()].filter(({ mediaType }) => isIndexType(mediaType));
  return { ...tree, nodes, blobs: new Map([...indexes, ...parts].map((part) => [part.digest, part])) };
}

async function presentBlobs(content: BlobStore, images: readonly SavedImage[]): Promise<Descriptor[]> {
  const blobs = new Map(images.flatMap(({ tree }) => [...tree.blobs]));
  const present: Descriptor[] = [];
  for (const blob of blobs.values()) {
    if ((await content.stat(blob.digest)) !== undefined) present.push(blob);
  }
  return present.sort((left, right) => (left.digest < right.digest ? -1 : 1));
}

function indexJson(images: readonly SavedImage[]): object {
  return {
    schemaVersion: 2,
    mediaType: mediaTypes.index,
    manifests: images.flatMap(({ target, names }) => {
      if (names.size === 0) return [target];
      return [...names].map((name) => ({
        ...target,
        annotations: {
          ...target.annotations,
          'io.containerd.image.name': name,
          'org.opencontainers.image.ref.name': parseReference(name).tag ?? '',
        },
      }));
    }),
  };
}

/** For readers of docker archives: Docker's old image store, podman, skopeo. */
function manifestEntry({ shown, names }: SavedImage): object[] {
  if (shown === undefined) return [];
  return [
    {
      Config: blobPath(shown.manifest.config.digest),
      RepoTags: names.size === 0 ? null : [...names].map((name) => familiarString(parseReference(name))),
      Layers: shown.manifest.layers.map((layer) => blobPath(layer.digest)),
    },
  ];
}

function plain({ mediaType, digest, size }: Descriptor): Descriptor {
  return { mediaType, digest, size };
}
