import type { BlobStore } from '@gantry/content';
import {
  type Descriptor,
  type Digest,
  isForeignLayerType,
  layerCompression,
  layerMediaType,
  type MediaTypeFamily,
} from '@gantry/oci';
import { compress } from '../archives/compress.ts';
import { decompress } from '../archives/decompress.ts';
import type { KeepScope } from '../keeping/content-keeper.ts';
import { type EstargzFacts, estargzAnnotations, packEstargz } from './estargz.ts';
import type { ImageFormat, LayerPacking, PlainLayer } from './image-format.ts';
import type { PackedLayers } from './packed-layers.ts';
import { rewriteTimes } from './rewrite-times.ts';

/** A layer as a manifest and a config name it. */
export interface ComposedLayer {
  descriptor: Descriptor;
  diffId: Digest;
}

export interface LayerPackerOptions {
  content: BlobStore;
  packed: PackedLayers;
  scope: KeepScope;
  format: ImageFormat;
  signal?: AbortSignal;
}

/** Brings layers into the form that an image shall have. What it stores the scope keeps. */
export class LayerPacker {
  readonly #options: LayerPackerOptions;
  readonly #family: MediaTypeFamily;

  constructor(options: LayerPackerOptions) {
    this.#options = options;
    this.#family = familyOf(options.format);
  }

  /** A layer that was made: a plain tar in the store. */
  async own(layer: PlainLayer): Promise<ComposedLayer> {
    const { latestFileTime } = this.#options.format;
    const { diffId, sizeBytes } =
      latestFileTime === undefined ? layer : await this.#rewritten(layer, latestFileTime);
    const descriptor = { mediaType: layerMediaType('none', this.#family), digest: diffId, size: sizeBytes };
    return await this.#pack({ descriptor, diffId });
  }

  /** A layer of an image below: it stays as it is packed, unless it is not packed or the format says so. */
  async inherited(descriptor: Descriptor, diffId: Digest): Promise<ComposedLayer> {
    if (isForeignLayerType(descriptor.mediaType)) return { descriptor, diffId };
    const { packing, force } = this.#options.format;
    const compression = layerCompression(descriptor.mediaType);
    const renamed = { ...descriptor, mediaType: layerMediaType(compression, this.#family) };
    const isSo = compression === packing || (packing === 'estargz' && isEstargz(descriptor));
    if (isSo || (compression !== 'none' && !force)) return { descriptor: renamed, diffId };
    return await this.#pack({ descriptor: renamed, diffId });
  }

  async #rewritten(layer: PlainLayer, latestFileTime: number): Promise<PlainLayer> {
    const { content, scope, signal } = this.#options;
    const { digest, sizeBytes } = await content.ingest(
      rewriteTimes(content.read(layer.diffId), latestFileTime),
      { lease: scope.lease, ...(signal && { signal }) },
    );
    return { diffId: digest, sizeBytes };
  }

  async #pack(layer: ComposedLayer): Promise<ComposedLayer> {
    const { packed, scope, format, content } = this.#options;
    const { packing, level } = format;
    const { digest } = layer.descriptor;
    const from = layerCompression(layer.descriptor.mediaType);
    if (packing === from) return layer;
    const key = { source: digest, packing, level };
    const known = packed.find(key);
    if (known !== undefined) {
      scope.lease.hold(known.digest);
      if ((await content.stat(known.digest)) !== undefined) return this.#named(known);
    }
    const plain = decompress(content.read(digest), from, this.#options.signal);
    const made =
      packing === 'estargz'
        ? await this.#packEstargz(plain)
        : { ...(await this.#ingest(compress(plain, packing, level))), packing, diffId: layer.diffId };
    packed.put(key, made);
    return this.#named(made);
  }

  async #packEstargz(plain: AsyncIterable<Uint8Array>): Promise<PackedLayer> {
    let facts: EstargzFacts | undefined;
    const pack = async function* (level?: number): AsyncGenerator<Uint8Array> {
      facts = yield* packEstargz(plain, level);
    };
    const blob = await this.#ingest(pack(this.#options.format.level));
    if (facts === undefined) throw new Error('estargz ended without its table of contents');
    return { ...blob, packing: 'estargz', diffId: facts.diffId, annotations: estargzAnnotations(facts) };
  }

  async #ingest(bytes: AsyncIterable<Uint8Array>): Promise<{ digest: Digest; size: number }> {
    const { content, scope, signal } = this.#options;
    const options = { lease: scope.lease, ...(signal && { signal }) };
    const { digest, sizeBytes } = await content.ingest(bytes, options);
    return { digest, size: sizeBytes };
  }

  #named({ digest, size, packing, diffId, annotations }: PackedLayer): ComposedLayer {
    const mediaType = layerMediaType(packing === 'estargz' ? 'gzip' : packing, this.#family);
    return { descriptor: { mediaType, digest, size, ...(annotations && { annotations }) }, diffId };
  }
}

/** A blob that a layer was packed into. */
export interface PackedLayer {
  digest: Digest;
  size: number;
  packing: LayerPacking;
  diffId: Digest;
  annotations?: Record<string, string>;
}

/** Docker's media types know plain and gzip layers alone. */
export function familyOf({ family, packing }: ImageFormat): MediaTypeFamily {
  return packing === 'zstd' || packing === 'estargz' ? 'oci' : family;
}

function isEstargz({ annotations }: Descriptor): boolean {
  return annotations?.['containerd.io/snapshot/stargz/toc.digest'] !== undefined;
}
