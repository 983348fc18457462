import { decompress } from '@gantry/images';
import { type Descriptor, type Digest, isManifestType, layerCompression } from '@gantry/oci';
import type { BuilderPorts } from '../../builder-environment.ts';
import { InvalidBuildError } from '../../errors.ts';
import { type Keep, storeLayer } from '../../steps/layers.ts';
import type { CachedStep } from '../build-cache.ts';
import {
  type CacheLayer,
  decodeCache,
  decodeInline,
  digestBytes,
  maxConfigBytes,
  maxManifestBytes,
  type RemoteStep,
  readDocument,
} from './cache-document.ts';
import type { CachePlace } from './cache-place.ts';

/** Images of an index that are asked for a cache, at most. */
const mostImages = 32;

type Found = { steps: readonly RemoteStep[]; layers: readonly CacheLayer[] };

/** The steps of one cache outside of the engine. */
export class ImportedCache {
  readonly #place: CachePlace;
  readonly #steps: ReadonlyMap<string, RemoteStep>;
  readonly #layers: ReadonlyMap<Digest, Descriptor>;

  private constructor(place: CachePlace, { steps, layers }: Found) {
    this.#place = place;
    this.#steps = new Map(steps.map((step) => [step.key, step]));
    this.#layers = new Map(layers.map(({ diffId, descriptor }) => [diffId, descriptor]));
  }

  /**
   * Reads its documents: a cache in BuildKit's format, or an image that has one within it. Steps of other builders say nothing here, and
   * are left out. Throws `InvalidBuildError` for documents that are damaged, and what the place throws.
   */
  static async open(place: CachePlace, signal: AbortSignal): Promise<ImportedCache> {
    const bytes = await whole(place.document(undefined, signal), maxManifestBytes);
    return new ImportedCache(place, await readFrom(place, bytes, signal));
  }

  /** How many steps it has that this builder knows. */
  get size(): number {
    return this.#steps.size;
  }

  find(key: string): RemoteStep | undefined {
    const step = this.#steps.get(key);
    if (step?.diffId !== undefined && !this.#layers.has(step.diffId)) return undefined;
    return step;
  }

  /** Brings a layer of one of its steps in. Throws `InvalidBuildError` when it is another than its diff id says. */
  async fetch(
    environment: { ports: BuilderPorts },
    diffId: Digest,
    { keep, signal }: { keep: Keep; signal: AbortSignal },
  ): Promise<NonNullable<CachedStep['layer']>> {
    const descriptor = this.#layers.get(diffId);
    if (descriptor === undefined) throw new InvalidBuildError(`${this.#place.name} lacks ${diffId}`);
    const packed = this.#place.blob(descriptor, signal);
    const plain = decompress(packed, layerCompression(descriptor.mediaType), signal);
    const layer = await storeLayer(environment, plain, { keep, signal });
    if (layer?.diffId !== diffId)
      throw new InvalidBuildError(`the cache ${this.#place.name} is damaged: ${diffId} is ${layer?.diffId}`);
    return layer;
  }
}

async function readFrom(place: CachePlace, bytes: Uint8Array, signal: AbortSignal): Promise<Found> {
  const document = readDocument(bytes);
  const blob = async (descriptor: Descriptor): Promise<Uint8Array> =>
    verified(place, await whole(place.blob(descriptor, signal), maxConfigBytes), descriptor.digest);
  if (document.kind === 'cache') return decodeCache(await blob(document.config), document.layers);
  if (document.kind === 'image')
    return decodeInline(await blob(document.config), document.layers) ?? { steps: [], layers: [] };
  const steps: RemoteStep[] = [];
  const layers: CacheLayer[] = [];
  const images = document.manifests.filter(
    ({ mediaType, platform }) => isManifestType(mediaType) && platform?.os !== 'unknown',
  );
  for (const { digest } of images.slice(0, mostImages)) {
    const manifest = await whole(place.document(digest, signal), maxManifestBytes);
    const found = await readFrom(place, verified(place, manifest, digest), signal);
    steps.push(...found.steps);
    layers.push(...found.layers);
  }
  return { steps, layers };
}

function verified({ name }: CachePlace, bytes: Uint8Array, digest: Digest): Uint8Array {
  if (digestBytes(bytes) === digest) return bytes;
  throw new InvalidBuildError(`the cache ${name} is damaged: ${digest} is ${digestBytes(bytes)}`);
}

async function whole(bytes: AsyncIterable<Uint8Array>, maxBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of bytes) {
    length += chunk.length;
    if (length > maxBytes)
      throw new InvalidBuildError(`a document of the cache has more than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
