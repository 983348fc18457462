import { type Clock, faultPoint } from '@gantry/base';
import type { BlobStore } from '@gantry/content';
import {
  canonicalString,
  type Descriptor,
  type Digest,
  type HistoryEntry,
  type ImageConfig,
  parseReference,
  withDefaultTag,
} from '@gantry/oci';
import { InvalidImageError } from '../errors.ts';
import type { CommitImageOptions } from '../image-store.ts';
import type { ContentKeeper, KeepScope } from '../keeping/content-keeper.ts';
import { type FoundationOptions, foundationOf } from '../keeping/foundation.ts';
import type { ImageRecorder } from '../keeping/image-recorder.ts';
import { imageConfig, layerDescriptor, storeDocuments } from '../keeping/store-documents.ts';
import { storeLayer } from '../keeping/store-layer.ts';

export interface ImageCommitterOptions extends FoundationOptions {
  content: BlobStore;
  keeper: ContentKeeper;
  recorder: ImageRecorder;
  clock: Clock;
}

/** The diff id of a tar without entries: a layer that changes nothing. */
const emptyDiffId: Digest = 'sha256:5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef';

/** Makes an image of a container's changes: `docker commit`. Its layer is stored plain: gzip would take ten times as long as the rest. */
export class ImageCommitter {
  readonly #options: ImageCommitterOptions;

  constructor(options: ImageCommitterOptions) {
    this.#options = options;
  }

  /** See `ImageStore.commit`. */
  async commit(layer: AsyncIterable<Uint8Array>, options: CommitImageOptions): Promise<Digest> {
    const { content, keeper, limits, clock } = this.#options;
    const { signal, reference, config, platform, author } = options;
    const names = reference === undefined ? [] : [nameOf(reference)];
    const signals = signal === undefined ? {} : { signal };
    await using scope = keeper.begin();
    const below = await foundationOf(this.#options, options.parent, scope);
    const own = await storeLayer(layer, { content, limits, lease: scope.lease, ...signals });
    faultPoint('commit/layer-stored');
    const isEmpty = own.diffId === emptyDiffId;
    const created = clock.now().toISOString();
    const id = await this.#record(scope, {
      layers: isEmpty ? below.layers : [...below.layers, layerDescriptor(own)],
      config: imageConfig({
        platform,
        config,
        author,
        created,
        diffIds: isEmpty ? below.diffIds : [...below.diffIds, own.diffId],
        history: [...below.history, historyEntry(options, created, isEmpty)],
      }),
      names,
      ...signals,
    });
    // What an empty layer left behind goes with the scope.
    if (!isEmpty) scope.complete();
    return id;
  }

  async #record(
    scope: KeepScope,
    image: { layers: readonly Descriptor[]; config: ImageConfig; names: string[]; signal?: AbortSignal },
  ): Promise<Digest> {
    const { content, recorder } = this.#options;
    const { layers, config, names, signal } = image;
    const { manifest: target } = await storeDocuments(content, scope.lease, { config, layers });
    faultPoint('commit/documents-stored');
    const prepared = await recorder.prepare({ target, names }, scope, signal === undefined ? {} : { signal });
    signal?.throwIfAborted();
    faultPoint('commit/unpacked');
    recorder.commit([prepared]);
    faultPoint('commit/recorded');
    return prepared.id;
  }
}

function historyEntry(
  { author, comment, createdBy }: CommitImageOptions,
  created: string,
  isEmpty: boolean,
): HistoryEntry {
  return {
    created,
    ...(author === '' ? {} : { author }),
    created_by: createdBy,
    ...(comment === '' ? {} : { comment }),
    ...(isEmpty ? { empty_layer: true } : {}),
  };
}

function nameOf(text: string): string {
  const reference = parseReference(text);
  if (reference.digest !== undefined) throw new InvalidImageError('cannot commit to digest reference');
  return canonicalString(withDefaultTag(reference));
}
