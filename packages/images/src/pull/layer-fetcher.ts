import { Semaphore } from '@gantry/base';
import type { BlobStore } from '@gantry/content';
import { BlobUnknownError, type RemoteRepository } from '@gantry/distribution';
import type { Descriptor, Digest } from '@gantry/oci';
import { ForeignLayerError } from '../errors.ts';
import type { KeepScope } from '../keeping/content-keeper.ts';
import type { LayerUnpacker } from '../keeping/layer-unpacker.ts';
import { LayerArrival } from './layer-arrival.ts';
import type { PullProgress } from './pull-progress.ts';

export interface LayerFetcherOptions {
  content: BlobStore;
  unpacker: LayerUnpacker;
  maxDownloads: () => number;
}

export interface LayersToFetch {
  repository: RemoteRepository;
  layers: readonly Descriptor[];
  /** Of the layers, as the config has them: each is unpacked as soon as it is here. */
  diffIds: readonly Digest[];
  scope: KeepScope;
  progress: PullProgress;
  signal: AbortSignal;
}

/** Fetches the layers of images, several at once, and unpacks each while others are still on their way. */
export class LayerFetcher {
  readonly #options: LayerFetcherOptions;
  #slots: { permits: number; semaphore: Semaphore };

  constructor(options: LayerFetcherOptions) {
    this.#options = options;
    this.#slots = newSlots(options.maxDownloads());
  }

  /** When one fails the others are stopped, and none is still under way when the first error is thrown. */
  async fetch(request: LayersToFetch): Promise<void> {
    const stop = new AbortController();
    const signal = AbortSignal.any([request.signal, stop.signal]);
    const seen = new Set<Digest>();
    const layers = request.layers.flatMap((layer, at) => {
      const isFirst = !seen.has(layer.digest);
      seen.add(layer.digest);
      return isFirst ? [{ layer, diffId: request.diffIds[at] }] : [];
    });
    const results = await Promise.allSettled(
      layers.map(async ({ layer, diffId }) => {
        try {
          await this.#fetchOne({ ...request, signal }, layer, diffId);
        } catch (error) {
          stop.abort(error);
          throw error;
        }
      }),
    );
    request.signal.throwIfAborted();
    if (results.some(({ status }) => status === 'rejected')) throw stop.signal.reason;
  }

  async #fetchOne(request: LayersToFetch, layer: Descriptor, diffId: Digest | undefined): Promise<void> {
    const { content, unpacker } = this.#options;
    const { progress, scope, signal } = request;
    scope.lease.hold(layer.digest);
    if (diffId !== undefined) scope.keepLayer(diffId);
    if ((await content.stat(layer.digest)) !== undefined) {
      progress.layer(layer, 'Already exists');
    } else {
      progress.layer(layer, 'Pulling fs layer');
      await this.#slot(() => this.#download(request, layer, diffId), signal);
    }
    // A config that does not fit its manifest is told when the image is read as a whole.
    if (diffId === undefined) return;
    await unpacker.unpackOne(layer, diffId, {
      signal,
      onProgress: (_layer, current) => progress.bytes(layer, 'Extracting', current),
    });
    progress.layer(layer, 'Pull complete');
  }

  /** The slot is held until the layer is unpacked: no more layers are at work than may be fetched. */
  async #download(request: LayersToFetch, layer: Descriptor, diffId: Digest | undefined): Promise<void> {
    const { repository, scope, progress, signal } = request;
    const arrival = await this.#arrivalOf(request, layer, diffId);
    try {
      await this.#options.content.ingestResumable((offset) => repository.blob(layer, { signal, offset }), {
        digest: layer.digest,
        sizeBytes: layer.size,
        lease: scope.lease,
        signal,
        onProgress: (current) => progress.bytes(layer, 'Downloading', current),
        onStored: (file, storedBytes) => arrival?.stored(file, storedBytes),
      });
    } catch (error) {
      await arrival?.abandon(error);
      const { urls = [] } = layer;
      throw error instanceof BlobUnknownError && urls.length > 0
        ? new ForeignLayerError(layer.digest, urls)
        : error;
    }
    progress.layer(layer, 'Download complete');
    await arrival?.finish();
  }

  /** Undefined for a layer that is unpacked already, of another blob. */
  async #arrivalOf(
    { progress, signal }: LayersToFetch,
    layer: Descriptor,
    diffId: Digest | undefined,
  ): Promise<LayerArrival | undefined> {
    const { unpacker } = this.#options;
    if (diffId === undefined || (await unpacker.unpacked([diffId])) !== undefined) return undefined;
    return new LayerArrival({
      unpacker,
      layer,
      diffId,
      signal,
      onProgress: (current) => progress.bytes(layer, 'Extracting', current),
    });
  }

  /** The number of slots may be reloaded: who waits for the old ones gets them. */
  #slot<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
    const permits = this.#options.maxDownloads();
    if (permits !== this.#slots.permits) this.#slots = newSlots(permits);
    return this.#slots.semaphore.run(work, signal);
  }
}

function newSlots(permits: number): { permits: number; semaphore: Semaphore } {
  return { permits, semaphore: new Semaphore(permits) };
}
