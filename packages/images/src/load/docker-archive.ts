import type { BlobInfo, BlobLease, BlobStore } from '@gantry/content';
import {
  type Descriptor,
  type ImageManifest,
  maxDocumentBytes,
  maxLayers,
  mediaTypes,
  parseImageConfig,
  TooManyLayersError,
} from '@gantry/oci';
import { InvalidImageError } from '../errors.ts';
import { ingestBytes } from '../keeping/ingest-bytes.ts';
import { sniffLayer } from '../keeping/layer-unpacker.ts';
import { type DockerManifestEntry, digestOfPath, parseDockerManifest } from './docker-manifest.ts';
import type { ArchivedImage } from './loaded-image.ts';
import { fileAt, type SpooledArchive } from './spool-archive.ts';

export interface DockerArchiveOptions {
  content: BlobStore;
  lease: BlobLease;
  maxImages: number;
}

/**
 * The images of a docker archive. Such an archive has no manifests: one is made for each image, the same whenever and
 * wherever that archive is loaded (and byte for byte what containerd makes), and stored under the lease. Throws
 * `InvalidImageError`, with containerd's words where a file is missing, and @gantry/oci's document errors.
 */
export async function imagesOfDockerArchive(
  archive: SpooledArchive,
  manifestJson: Uint8Array,
  options: DockerArchiveOptions,
): Promise<ArchivedImage[]> {
  const images: ArchivedImage[] = [];
  for (const entry of parseDockerManifest(manifestJson, options.maxImages)) {
    images.push({ target: await makeManifest(archive, entry, options), names: entry.names });
  }
  return images;
}

async function makeManifest(
  archive: SpooledArchive,
  entry: DockerManifestEntry,
  { content, lease }: DockerArchiveOptions,
): Promise<Descriptor> {
  const config = fileAt(archive, entry.config);
  if (config === undefined)
    throw new InvalidImageError(`image config ${JSON.stringify(entry.config)} not found`);
  const expected = digestOfPath(entry.config);
  if (expected !== undefined && expected !== config.digest) {
    throw new InvalidImageError(
      `image config ${JSON.stringify(entry.config)} has the digest ${config.digest}`,
    );
  }
  if (entry.layers.length > maxLayers) throw new TooManyLayersError(entry.layers.length, maxLayers);
  const files = entry.layers.map((path) => layerFile(archive, path));
  const { rootfs } = parseImageConfig(await content.readSmall(config.digest, maxDocumentBytes));
  if (rootfs.diff_ids.length !== files.length) {
    throw new InvalidImageError(
      `invalid manifest, layers length mismatch: expected ${files.length}, got ${rootfs.diff_ids.length}`,
    );
  }
  const manifest: ImageManifest = {
    schemaVersion: 2,
    mediaType: mediaTypes.dockerManifest,
    config: { mediaType: mediaTypes.dockerConfig, digest: config.digest, size: config.sizeBytes },
    layers: await Promise.all(files.map((file) => layerDescriptor(content, file))),
  };
  const stored = await ingestBytes(content, Buffer.from(JSON.stringify(manifest)), lease);
  return { mediaType: mediaTypes.dockerManifest, digest: stored.digest, size: stored.sizeBytes };
}

function layerFile(archive: SpooledArchive, path: string): BlobInfo {
  const file = fileAt(archive, path);
  if (file === undefined) throw new InvalidImageError(`layer ${JSON.stringify(path)} not found`);
  return file;
}

async function layerDescriptor(content: BlobStore, { digest, sizeBytes }: BlobInfo): Promise<Descriptor> {
  const mediaType = {
    none: mediaTypes.dockerLayer,
    gzip: mediaTypes.dockerLayerGzip,
    zstd: mediaTypes.dockerLayerZstd,
  }[await sniffLayer(content, { digest })];
  return { mediaType, digest, size: sizeBytes };
}
