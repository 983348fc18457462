import { createHash } from 'node:crypto';
import type { PlainLayer } from '@gantry/images';
import { type Digest, isDigest } from '@gantry/oci';
import { InvalidBuildError } from '../../errors.ts';

/** Steps by their keys, as a cache outside of the engine lists them. Keys say nothing to other builders, so that the type is our own. */
export const cacheConfigType = 'application/vnd.gantry.buildcache.config.v1+json';
export const manifestType = 'application/vnd.oci.image.manifest.v1+json';
export const layerType = 'application/vnd.oci.image.layer.v1.tar+gzip';

export const maxManifestBytes: number = 4 * 1024 ** 2;
export const maxConfigBytes: number = 64 * 1024 ** 2;

export interface BlobPlace {
  readonly digest: Digest;
  readonly size: number;
}

/** A step of a cache outside of the engine. */
export interface RemoteStep {
  readonly key: string;
  readonly description: string;
  readonly createdAt: string;
  /** Missing: the step changed nothing. */
  readonly layer?: PlainLayer;
}

/** The config: the steps, the layers of which stand in the manifest by their diff ids. */
export interface CacheConfig {
  readonly steps: readonly RemoteStep[];
  /** The packed layers. */
  readonly layers: readonly { readonly diffId: Digest; readonly blob: BlobPlace }[];
}

export function encodeJson(document: unknown): { bytes: Uint8Array; digest: Digest } {
  const bytes = Buffer.from(JSON.stringify(document));
  return { bytes, digest: digestBytes(bytes) };
}

export function digestBytes(bytes: Uint8Array): Digest {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

/** The place of the config in a manifest; undefined for a manifest of something else. Throws `InvalidBuildError`. */
export function readManifest(bytes: Uint8Array): BlobPlace | undefined {
  const { config } = parse(bytes) as { config?: { mediaType?: unknown } & Partial<BlobPlace> };
  if (config?.mediaType !== cacheConfigType) return undefined;
  return blobPlace(config);
}

/** Throws `InvalidBuildError` for what is no config of a cache. */
export function readConfig(bytes: Uint8Array): CacheConfig {
  const { steps, layers } = parse(bytes) as Partial<CacheConfig>;
  if (!Array.isArray(steps) || !Array.isArray(layers)) throw damaged();
  return {
    steps: (steps as readonly Partial<RemoteStep>[]).map(readStep),
    layers: (layers as CacheConfig['layers']).map(({ diffId, blob }) => {
      if (!isDigest(diffId)) throw damaged();
      return { diffId, blob: blobPlace(blob) };
    }),
  };
}

function readStep({ key, description, createdAt, layer }: Partial<RemoteStep>): RemoteStep {
  const isWhole =
    /^[0-9a-f]{64}$/.test(String(key)) &&
    !Number.isNaN(Date.parse(String(createdAt))) &&
    typeof description === 'string';
  if (!isWhole || (layer !== undefined && (!isDigest(layer.diffId) || !isSize(layer.sizeBytes))))
    throw damaged();
  return { key: String(key), description, createdAt: String(createdAt), ...(layer && { layer }) };
}

function blobPlace({ digest, size }: Partial<BlobPlace>): BlobPlace {
  if (digest === undefined || !isDigest(digest) || !isSize(size)) throw damaged();
  return { digest, size };
}

function isSize(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function parse(bytes: Uint8Array): object {
  try {
    const value: unknown = JSON.parse(Buffer.from(bytes).toString());
    if (typeof value === 'object' && value !== null) return value;
  } catch {
    throw damaged();
  }
  throw damaged();
}

function damaged(): InvalidBuildError {
  return new InvalidBuildError('the cache is damaged: its documents cannot be read');
}
