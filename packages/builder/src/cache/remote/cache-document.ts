import { createHash } from 'node:crypto';
import { type Descriptor, type Digest, isDigest, isImageConfigType, mediaTypes } from '@gantry/oci';
import { InvalidBuildError } from '../../errors.ts';

/** BuildKit's config of a cache: its layers, and records that name them (its `cache/remotecache/v1`). */
export const cacheConfigType = 'application/vnd.buildkit.cacheconfig.v0';

export const maxManifestBytes: number = 4 * 1024 ** 2;
export const maxConfigBytes: number = 64 * 1024 ** 2;

export type BlobPlace = Pick<Descriptor, 'digest' | 'size'>;

/** A step of a cache outside of the engine. */
export interface RemoteStep {
  readonly key: string;
  readonly description: string;
  readonly createdAt: string;
  /** Of its layer; missing: the step changed nothing. */
  readonly diffId?: Digest;
}

/** A layer of a cache: how it is packed, and what it unpacks to. */
export interface CacheLayer {
  readonly descriptor: Descriptor;
  readonly diffId: Digest;
}

/** What a document at the place of a cache is. */
export type CacheDocument =
  | { readonly kind: 'cache'; readonly config: Descriptor; readonly layers: readonly Descriptor[] }
  /** It may have a cache within its config. */
  | { readonly kind: 'image'; readonly config: Descriptor; readonly layers: readonly Descriptor[] }
  | { readonly kind: 'images'; readonly manifests: readonly Descriptor[] };

/**
 * A step as a record of BuildKit's: its key stands as the digest. To BuildKit it is a record that none of its steps asks for; a record
 * without the word `gantry` says nothing to this builder.
 */
interface CacheRecord {
  readonly digest: string;
  readonly layers?: readonly { readonly layer: number; readonly createdAt: string }[];
  readonly gantry?: { readonly description: string; readonly createdAt: string };
}

const diffIdAnnotation = 'containerd.io/uncompressed';
const createdAnnotation = 'buildkit/createdat';

/** Records of steps, in the order of their keys; `places` says where a layer stands in the list that the records are about. */
export function encodeRecords(
  steps: readonly RemoteStep[],
  places: ReadonlyMap<Digest, number>,
): readonly CacheRecord[] {
  const sorted = steps.toSorted((a, b) => (a.key < b.key ? -1 : 1));
  return sorted.flatMap(({ key, description, createdAt, diffId }) => {
    const layer = diffId === undefined ? undefined : places.get(diffId);
    if (diffId !== undefined && layer === undefined) return [];
    const digest = `sha256:${key}`;
    const own = { description, createdAt };
    return [{ digest, ...(layer !== undefined && { layers: [{ layer, createdAt }] }), gantry: own }];
  });
}

/** The steps that records of this builder tell, of layers in their order. Throws `InvalidBuildError` for what are no records. */
export function decodeRecords(records: unknown, diffIds: readonly (Digest | undefined)[]): RemoteStep[] {
  if (!Array.isArray(records)) throw damaged();
  return (records as readonly Partial<CacheRecord>[]).flatMap(({ digest, layers, gantry }) => {
    if (gantry === undefined) return [];
    const { description, createdAt } = gantry;
    const isWhole = isDigest(String(digest)) && typeof description === 'string' && isTime(createdAt);
    if (!isWhole) throw damaged();
    const step = { key: String(digest).slice('sha256:'.length), description, createdAt };
    if (layers === undefined) return [step];
    const diffId = diffIds[Number(layers[0]?.layer)];
    return diffId === undefined ? [] : [{ ...step, diffId }];
  });
}

/** A cache's config, and the descriptors of its layers as its manifest or index has them. */
export function encodeCache(
  steps: readonly RemoteStep[],
  layers: readonly CacheLayer[],
): { config: EncodedDocument; descriptors: readonly Descriptor[] } {
  const places = new Map(layers.map(({ diffId }, index) => [diffId, index]));
  const created = new Map(steps.map(({ diffId, createdAt }) => [diffId, createdAt]));
  const config = {
    layers: layers.map(({ descriptor }) => ({ blob: descriptor.digest, parent: -1 })),
    records: encodeRecords(steps, places),
  };
  const descriptors = layers.map(({ descriptor, diffId }) => ({
    ...descriptor,
    annotations: { [createdAnnotation]: created.get(diffId) ?? '', [diffIdAnnotation]: diffId },
  }));
  return { config: encodeJson(config, cacheConfigType), descriptors };
}

/** The steps of a cache's config, with the layers that they have. Throws `InvalidBuildError`. */
export function decodeCache(
  bytes: Uint8Array,
  descriptors: readonly Descriptor[],
): { steps: RemoteStep[]; layers: CacheLayer[] } {
  const { records = [], layers: listed = [] } = parse(bytes) as { records?: unknown; layers?: unknown };
  if (!Array.isArray(listed)) throw damaged();
  const layers = descriptors.flatMap((descriptor) => {
    const diffId = descriptor.annotations?.[diffIdAnnotation] ?? '';
    return isDigest(diffId) ? [{ descriptor, diffId }] : [];
  });
  const byBlob = new Map(layers.map(({ descriptor, diffId }) => [descriptor.digest as string, diffId]));
  const diffIds = (listed as readonly { blob?: unknown }[]).map(({ blob }) => byBlob.get(String(blob)));
  return { steps: decodeRecords(records, diffIds), layers };
}

/** The cache that an image's config has within it; undefined for one without. Throws `InvalidBuildError`. */
export function decodeInline(
  bytes: Uint8Array,
  descriptors: readonly Descriptor[],
): { steps: RemoteStep[]; layers: CacheLayer[] } | undefined {
  const config = parse(bytes) as { [inlineCacheField]?: unknown; rootfs?: { diff_ids?: unknown } };
  const text = config[inlineCacheField];
  const diffIds = config.rootfs?.diff_ids;
  if (typeof text !== 'string' || !Array.isArray(diffIds) || diffIds.length !== descriptors.length)
    return undefined;
  if (!diffIds.every((diffId): diffId is Digest => isDigest(String(diffId)))) throw damaged();
  const layers = descriptors.flatMap((descriptor, index) => {
    const diffId = diffIds[index];
    return diffId === undefined ? [] : [{ descriptor, diffId }];
  });
  return { steps: decodeRecords(parse(Buffer.from(text, 'base64')), diffIds), layers };
}

/** Of an image's config: records in JSON, in base64. */
export const inlineCacheField = 'moby.buildkit.cache.v0';

export interface EncodedDocument {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly bytes: Uint8Array;
}

export function encodeJson(document: unknown, mediaType: string): EncodedDocument {
  const bytes = Buffer.from(JSON.stringify(document));
  return { mediaType, bytes, digest: digestBytes(bytes) };
}

export function digestBytes(bytes: Uint8Array): Digest {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

/** What a manifest or index stands for. Throws `InvalidBuildError` for what is neither. */
export function readDocument(bytes: Uint8Array): CacheDocument {
  const { config, layers, manifests } = parse(bytes) as {
    config?: unknown;
    layers?: unknown;
    manifests?: unknown;
  };
  if (Array.isArray(manifests)) {
    const all = manifests.map(descriptorOf);
    const found = all.find(({ mediaType }) => mediaType === cacheConfigType);
    if (found === undefined) return { kind: 'images', manifests: all };
    return { kind: 'cache', config: found, layers: all.filter((descriptor) => descriptor !== found) };
  }
  const own = descriptorOf(config);
  const kind = own.mediaType === cacheConfigType ? 'cache' : 'image';
  if (kind === 'image' && !isImageConfigType(own.mediaType)) return { kind: 'images', manifests: [] };
  return { kind, config: own, layers: Array.isArray(layers) ? layers.map(descriptorOf) : [] };
}

/** The manifest, or the index, that a cache is found by. */
export function encodeManifest(
  config: Descriptor,
  layers: readonly Descriptor[],
  { family, isImage }: { family: 'oci' | 'docker'; isImage: boolean },
): EncodedDocument {
  const types =
    family === 'oci'
      ? [mediaTypes.manifest, mediaTypes.index]
      : [mediaTypes.dockerManifest, mediaTypes.dockerIndex];
  const [manifest = '', index = ''] = types;
  if (!isImage)
    return encodeJson({ schemaVersion: 2, mediaType: index, manifests: [...layers, config] }, index);
  return encodeJson({ schemaVersion: 2, mediaType: manifest, config, layers }, manifest);
}

function descriptorOf(value: unknown): Descriptor {
  const { mediaType, digest, size } = (value ?? {}) as Partial<Descriptor>;
  const isWhole = typeof mediaType === 'string' && isDigest(String(digest)) && isSize(size);
  if (!isWhole) throw damaged();
  return value as Descriptor;
}

function isSize(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function isTime(value: unknown): value is string {
  return typeof value === 'string' && !Number.isNaN(Date.parse(value));
}

function parse(bytes: Uint8Array): unknown {
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
