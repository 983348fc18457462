import {
  canonicalString,
  type Descriptor,
  isIndexType,
  isManifestType,
  parseIndex,
  parseReferenceWithTag,
} from '@gantry/oci';
import { InvalidImageError } from '../errors.ts';
import type { ImageDocuments } from '../reading/image-documents.ts';
import { digestOfPath, parseDockerManifest } from './docker-manifest.ts';
import type { ArchivedImage } from './loaded-image.ts';
import type { SpooledArchive } from './spool-archive.ts';

const layoutVersion = '1.0.0';

/**
 * The images of an OCI layout (image spec 1.1, image-layout.md): what index.json names, each an image of its own; an
 * index that it names is one image of several platforms. A name is in the annotation `io.containerd.image.name` or,
 * whole, in `org.opencontainers.image.ref.name` (a bare tag there is no name); failing both, manifest.json of the same
 * archive has it. Throws `InvalidImageError`, `InvalidDocumentError`.
 */
export async function imagesOfLayout(
  archive: SpooledArchive,
  documents: ImageDocuments,
  maxImages: number,
): Promise<ArchivedImage[]> {
  checkVersion(archive);
  const indexJson = archive.documents.get('index.json');
  if (indexJson === undefined) throw new InvalidImageError('OCI layout has no index.json');
  const index = parseIndex(indexJson);
  if (index.manifests.length > maxImages) {
    throw new InvalidImageError(
      `index.json names ${index.manifests.length} images; at most ${maxImages} are accepted`,
    );
  }
  const namesByConfig = dockerNames(archive, maxImages);
  const images = new Map<string, { target: Descriptor; names: Set<string> }>();
  for (const descriptor of index.manifests) {
    if (!isIndexType(descriptor.mediaType) && !isManifestType(descriptor.mediaType)) continue;
    const { mediaType, digest, size } = descriptor;
    const image = images.get(digest) ?? { target: { mediaType, digest, size }, names: new Set() };
    images.set(digest, image);
    const name = nameOf(descriptor);
    const names = name === undefined ? await namesOfConfig(documents, descriptor, namesByConfig) : [name];
    for (const name of names) image.names.add(name);
  }
  if (images.size === 0) throw new InvalidImageError('archive holds no image');
  return [...images.values()].map(({ target, names }) => ({ target, names: [...names] }));
}

function checkVersion(archive: SpooledArchive): void {
  const bytes = archive.documents.get('oci-layout') ?? new Uint8Array();
  let version: unknown;
  try {
    ({ imageLayoutVersion: version } = JSON.parse(Buffer.from(bytes).toString()) as {
      imageLayoutVersion: unknown;
    });
  } catch (error) {
    throw new InvalidImageError('oci-layout is not JSON', { cause: error });
  }
  if (version !== layoutVersion) {
    throw new InvalidImageError(`unsupported OCI version ${JSON.stringify(version ?? null).slice(0, 100)}`);
  }
}

function nameOf({ annotations = {} }: Descriptor): string | undefined {
  const full = annotations['io.containerd.image.name'];
  if (full !== undefined) return parseName(full);
  const name = annotations['org.opencontainers.image.ref.name'];
  // A bare tag by the spec's own use of the annotation; a name where it is one without doubt.
  return name === undefined || !/[/:]/.test(name) ? undefined : parseName(name);
}

/** Undefined for what is no name, as Docker takes it: the image is loaded without one. */
function parseName(text: string): string | undefined {
  try {
    const reference = parseReferenceWithTag(text);
    return reference.tag === undefined ? undefined : canonicalString({ ...reference, digest: undefined });
  } catch {
    return undefined;
  }
}

function dockerNames(archive: SpooledArchive, maxImages: number): Map<string, string[]> {
  const manifestJson = archive.documents.get('manifest.json');
  const names = new Map<string, string[]>();
  if (manifestJson === undefined) return names;
  for (const entry of parseDockerManifest(manifestJson, maxImages)) {
    const digest = digestOfPath(entry.config);
    if (digest !== undefined) names.set(digest, [...(names.get(digest) ?? []), ...entry.names]);
  }
  return names;
}

async function namesOfConfig(
  documents: ImageDocuments,
  descriptor: Descriptor,
  namesByConfig: ReadonlyMap<string, readonly string[]>,
): Promise<readonly string[]> {
  if (namesByConfig.size === 0 || !isManifestType(descriptor.mediaType)) return [];
  const manifest = await documents.manifest(descriptor);
  return namesByConfig.get(manifest.config.digest) ?? [];
}
