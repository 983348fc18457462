import { decompress, type PlainLayer } from '@gantry/images';
import { type Digest, isDigest } from '@gantry/oci';
import type { BuilderPorts } from '../../builder-environment.ts';
import { InvalidBuildError } from '../../errors.ts';
import type { Keep } from '../../steps/layers.ts';
import {
  type BlobPlace,
  digestBytes,
  maxConfigBytes,
  maxManifestBytes,
  type RemoteStep,
  readConfig,
  readManifest,
} from './cache-document.ts';
import type { CachePlace } from './cache-place.ts';

/** The steps of one cache outside of the engine. */
export class ImportedCache {
  readonly #place: CachePlace;
  readonly #steps: ReadonlyMap<string, RemoteStep>;
  readonly #blobs: ReadonlyMap<Digest, BlobPlace>;

  private constructor(
    place: CachePlace,
    steps: ReadonlyMap<string, RemoteStep>,
    blobs: ReadonlyMap<Digest, BlobPlace>,
  ) {
    this.#place = place;
    this.#steps = steps;
    this.#blobs = blobs;
  }

  /** Reads its documents. Throws `InvalidBuildError` for what is no cache of ours, and what the place throws. */
  static async open(place: CachePlace, signal: AbortSignal): Promise<ImportedCache> {
    const config = readManifest(await whole(place.manifest(signal), maxManifestBytes));
    if (config === undefined)
      throw new InvalidBuildError(`${place.name} holds no cache that this builder reads`);
    const bytes = await whole(place.blob(config, signal), maxConfigBytes);
    if (digestBytes(bytes) !== config.digest)
      throw new InvalidBuildError(`the cache ${place.name} is damaged`);
    const { steps, layers } = readConfig(bytes);
    return new ImportedCache(
      place,
      new Map(steps.map((step) => [step.key, step])),
      new Map(layers.map(({ diffId, blob }) => [diffId, blob])),
    );
  }

  find(key: string): RemoteStep | undefined {
    const step = this.#steps.get(key);
    if (step?.layer !== undefined && !this.#blobs.has(step.layer.diffId)) return undefined;
    return step;
  }

  /** Brings a layer of one of its steps in: blob and directory. Throws `InvalidBuildError` when it is another than its diff id says. */
  async fetch(
    { content, snapshots }: Pick<BuilderPorts, 'content' | 'snapshots'>,
    { diffId }: PlainLayer,
    { keep, signal }: { keep: Keep; signal: AbortSignal },
  ): Promise<void> {
    const blob = this.#blobs.get(diffId);
    if (blob === undefined || !isDigest(diffId))
      throw new InvalidBuildError(`${this.#place.name} lacks ${diffId}`);
    const plain = decompress(this.#place.blob(blob, signal), 'gzip', signal);
    const { digest } = await content.ingest(plain, { lease: keep.lease, signal });
    if (digest !== diffId)
      throw new InvalidBuildError(`the cache ${this.#place.name} is damaged: ${diffId} is ${digest}`);
    keep.keepLayer(diffId);
    await snapshots.unpackLayer({ diffId, blobPath: content.path(diffId), compression: 'none', signal });
  }
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
