import { createHash } from 'node:crypto';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import type { Descriptor, Digest, ImageConfig, Platform } from '@gantry/oci';
import { type TarMember, tarArchive } from './tar-archive.ts';

/**
 * `docker-archive`: manifest.json with `<hex>.json` and `<n>/layer.tar`; `oci-layout`: index.json and blobs;
 * `both`: what `docker save` writes since version 25.
 */
export type ImageFormat = 'docker-archive' | 'oci-layout' | 'both';

type Compression = 'none' | 'gzip' | 'zstd';

export interface TestImageSource {
  /** Repository tags; empty for an untagged image. */
  names?: readonly string[];
  /** Base first: members, or a ready layer tar. */
  layers: readonly (readonly TarMember[] | Uint8Array)[];
  /** Merged over a config with one history entry a layer, created at the epoch. */
  config?: Partial<ImageConfig>;
  /** Several give an index; the config's platform follows. `linux` and the host's architecture when missing. */
  platforms?: readonly Platform[];
}

export interface TestImageOptions {
  format: ImageFormat;
  images: readonly TestImageSource[];
  /** Of the archive. */
  compression?: Compression;
  layerCompression?: Compression;
  /** Changes the archive's members before they are packed: drop, damage, add, reorder. */
  edit?: (members: TarMember[]) => TarMember[];
}

export interface TestImage {
  archive: Buffer<ArrayBuffer>;
  members: readonly TarMember[];
  /** One for each source. */
  images: readonly {
    /** Manifest's or index's digest in an OCI layout; undefined for a bare docker archive. */
    target: Descriptor | undefined;
    manifests: readonly {
      platform: Platform;
      configDigest: Digest;
      layerDigests: readonly Digest[];
      diffIds: readonly Digest[];
    }[];
  }[];
}

interface Built {
  source: TestImageSource;
  target: Descriptor;
  manifests: {
    platform: Platform;
    config: Descriptor;
    layers: Descriptor[];
    diffIds: Digest[];
    layerTars: Uint8Array[];
  }[];
}

/** Builds an image archive in memory; the same options give the same bytes. */
export function makeTestImage(options: TestImageOptions): TestImage {
  const blobs = new Map<string, Uint8Array>();
  const built = options.images.map((source) => buildImage(source, options.layerCompression ?? 'none', blobs));
  let members = options.format === 'docker-archive' ? dockerMembers(built, blobs) : ociMembers(built, blobs);
  if (options.format === 'both') members.push(json('manifest.json', built.map(dockerEntryOfBlobs)));
  if (options.edit !== undefined) members = options.edit(members);
  return {
    archive: compress(tarArchive(members), options.compression ?? 'none'),
    members,
    images: built.map(({ target, manifests }) => ({
      target: options.format === 'docker-archive' ? undefined : target,
      manifests: manifests.map(({ platform, config, layers, diffIds }) => ({
        platform,
        configDigest: config.digest,
        layerDigests: layers.map((layer) => layer.digest),
        diffIds,
      })),
    })),
  };
}

function buildImage(
  source: TestImageSource,
  compression: Compression,
  blobs: Map<string, Uint8Array>,
): Built {
  const platforms = source.platforms ?? [hostPlatform()];
  const manifests = platforms.map((platform) => buildManifest(source, platform, compression, blobs));
  const descriptors = manifests.map((manifest) => manifest.descriptor);
  const [first] = descriptors;
  if (first === undefined) throw new Error('a test image needs a platform');
  const target =
    source.platforms === undefined
      ? first
      : addJson(blobs, 'application/vnd.oci.image.index.v1+json', {
          schemaVersion: 2,
          mediaType: 'application/vnd.oci.image.index.v1+json',
          manifests: descriptors.map((descriptor, at) => ({ ...descriptor, platform: platforms[at] })),
        });
  return { source, target, manifests };
}

function buildManifest(
  source: TestImageSource,
  platform: Platform,
  compression: Compression,
  blobs: Map<string, Uint8Array>,
): Built['manifests'][number] & { descriptor: Descriptor } {
  const layerTars = source.layers.map((layer) => (layer instanceof Uint8Array ? layer : tarArchive(layer)));
  const diffIds = layerTars.map(digestOf);
  const layers = layerTars.map((tar) =>
    addBlob(blobs, layerMediaTypes[compression], compress(Buffer.from(tar), compression)),
  );
  const config = addJson(blobs, 'application/vnd.oci.image.config.v1+json', {
    created: '1970-01-01T00:00:00Z',
    ...platform,
    config: {},
    rootfs: { type: 'layers', diff_ids: diffIds },
    history: diffIds.map((_, at) => ({ created: '1970-01-01T00:00:00Z', created_by: `layer ${at}` })),
    ...source.config,
  });
  const descriptor = addJson(blobs, 'application/vnd.oci.image.manifest.v1+json', {
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    config,
    layers,
  });
  return { platform, config, layers, diffIds, layerTars, descriptor };
}

const layerMediaTypes: Record<Compression, string> = {
  none: 'application/vnd.oci.image.layer.v1.tar',
  gzip: 'application/vnd.oci.image.layer.v1.tar+gzip',
  zstd: 'application/vnd.oci.image.layer.v1.tar+zstd',
};

function ociMembers(built: readonly Built[], blobs: ReadonlyMap<string, Uint8Array>): TarMember[] {
  const manifests = built.flatMap(({ source, target }) => {
    const names = source.names ?? [];
    if (names.length === 0) return [target];
    return names.map((name) => ({
      ...target,
      annotations: { 'io.containerd.image.name': name, 'org.opencontainers.image.ref.name': name },
    }));
  });
  return [
    { name: 'blobs/', type: 'directory' },
    { name: 'blobs/sha256/', type: 'directory' },
    ...[...blobs].map(([hex, content]) => ({ name: `blobs/sha256/${hex}`, content })),
    json('index.json', { schemaVersion: 2, manifests }),
    json('oci-layout', { imageLayoutVersion: '1.0.0' }),
  ];
}

function dockerMembers(built: readonly Built[], blobs: ReadonlyMap<string, Uint8Array>): TarMember[] {
  const members: TarMember[] = [];
  const entries = built.map(({ source, manifests }, imageAt) => {
    const [manifest] = manifests;
    if (manifest === undefined) throw new Error('a test image needs a platform');
    const configName = `${hexOf(manifest.config.digest)}.json`;
    members.push({ name: configName, content: blobs.get(hexOf(manifest.config.digest)) ?? '' });
    const layers = manifest.layers.map((layer, at) => {
      const folder = `${imageAt}-${at}`;
      members.push(
        { name: `${folder}/`, type: 'directory' },
        { name: `${folder}/VERSION`, content: '1.0' },
        { name: `${folder}/layer.tar`, content: blobs.get(hexOf(layer.digest)) ?? '' },
      );
      return `${folder}/layer.tar`;
    });
    return { Config: configName, RepoTags: repoTags(source), Layers: layers };
  });
  members.push(json('manifest.json', entries), json('repositories', {}));
  return members;
}

function dockerEntryOfBlobs({ source, manifests }: Built): object {
  const [manifest] = manifests;
  if (manifest === undefined) throw new Error('a test image needs a platform');
  return {
    Config: `blobs/sha256/${hexOf(manifest.config.digest)}`,
    RepoTags: repoTags(source),
    Layers: manifest.layers.map((layer) => `blobs/sha256/${hexOf(layer.digest)}`),
  };
}

function repoTags(source: TestImageSource): readonly string[] | null {
  return source.names === undefined || source.names.length === 0 ? null : source.names;
}

function addJson(blobs: Map<string, Uint8Array>, mediaType: string, document: object): Descriptor {
  return addBlob(blobs, mediaType, Buffer.from(JSON.stringify(document)));
}

function addBlob(blobs: Map<string, Uint8Array>, mediaType: string, content: Uint8Array): Descriptor {
  const digest = digestOf(content);
  blobs.set(hexOf(digest), content);
  return { mediaType, digest, size: content.length };
}

function json(name: string, document: unknown): TarMember {
  return { name, content: JSON.stringify(document) };
}

function compress(content: Buffer<ArrayBuffer>, compression: Compression): Buffer<ArrayBuffer> {
  if (compression === 'none') return content;
  return Buffer.from(compression === 'gzip' ? gzipSync(content, { level: 1 }) : zstdCompressSync(content));
}

function digestOf(content: Uint8Array): Digest {
  return `sha256:${createHash('sha256').update(content).digest('hex')}`;
}

function hexOf(digest: Digest): string {
  return digest.slice('sha256:'.length);
}

function hostPlatform(): Platform {
  return { os: 'linux', architecture: process.arch === 'x64' ? 'amd64' : process.arch };
}
