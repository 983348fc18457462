import type { Clock } from '@gantry/base';
import type { BlobStore } from '@gantry/content';
import {
  canonicalString,
  type Digest,
  hostPlatform,
  type ImageConfig,
  type Platform,
  parseReference,
  withDefaultTag,
} from '@gantry/oci';
import { applyChanges } from '../changes/apply-changes.ts';
import { InvalidImageError } from '../errors.ts';
import type { ImportOptions } from '../image-store.ts';
import type { ContentKeeper } from '../keeping/content-keeper.ts';
import type { ImageRecorder } from '../keeping/image-recorder.ts';
import { layerDescriptor, storeDocuments } from '../keeping/store-documents.ts';
import { storeLayer } from '../keeping/store-layer.ts';
import type { ImageLimits } from '../limits.ts';

export interface ArchiveImporterOptions {
  content: BlobStore;
  keeper: ContentKeeper;
  recorder: ImageRecorder;
  clock: Clock;
  limits: ImageLimits;
}

/** What an image is made of beside its only layer. */
export interface SingleLayerImage {
  config: NonNullable<ImageConfig['config']>;
  platform: Platform;
  /** RFC 3339. */
  created: string;
  createdBy?: string;
  comment?: string;
  /** Canonical. */
  names: readonly string[];
}

export interface MakeOptions {
  /** Stores a plain archive as gzip. */
  compress?: boolean;
  signal?: AbortSignal;
  /** Called with the bytes stored so far. */
  onProgress?: (storedBytes: number) => void;
}

/** `docker import`, and every other image of one layer. */
export class ArchiveImporter {
  readonly #options: ArchiveImporterOptions;

  constructor(options: ArchiveImporterOptions) {
    this.#options = options;
  }

  /** Throws `InvalidChangeError` and `InvalidReferenceError` before a byte is read. */
  async import(archive: AsyncIterable<Uint8Array>, options: ImportOptions): Promise<Digest> {
    const config = applyChanges({}, options.changes);
    return this.make(
      archive,
      {
        config,
        platform: options.platform ?? hostPlatform(),
        created: this.#options.clock.now().toISOString(),
        ...(options.message === '' ? {} : { comment: options.message }),
        names: options.reference === undefined ? [] : [nameOf(options.reference)],
      },
      options.signal === undefined ? {} : { signal: options.signal },
    );
  }

  /** Makes the image of a root file system tar. The same tar and description give the same id. */
  async make(
    archive: AsyncIterable<Uint8Array>,
    image: SingleLayerImage,
    options: MakeOptions = {},
  ): Promise<Digest> {
    const { content, keeper, recorder, limits } = this.#options;
    const { signal } = options;
    await using scope = keeper.begin();
    const layer = await storeLayer(archive, { ...options, content, limits, lease: scope.lease });
    const config = singleLayerConfig(image, layer.diffId);
    const layers = [layerDescriptor(layer)];
    const { manifest: target } = await storeDocuments(content, scope.lease, { config, layers });
    const prepared = await recorder.prepare(
      { target, names: image.names },
      scope,
      signal === undefined ? {} : { signal },
    );
    signal?.throwIfAborted();
    recorder.commit([prepared]);
    scope.complete();
    return prepared.id;
  }
}

function singleLayerConfig(image: SingleLayerImage, diffId: Digest): ImageConfig {
  return {
    created: image.created,
    architecture: image.platform.architecture,
    os: image.platform.os,
    ...(image.platform.variant === undefined ? {} : { variant: image.platform.variant }),
    config: image.config,
    rootfs: { type: 'layers', diff_ids: [diffId] },
    history: [
      {
        created: image.created,
        ...(image.createdBy === undefined ? {} : { created_by: image.createdBy }),
        ...(image.comment === undefined ? {} : { comment: image.comment }),
      },
    ],
  };
}

function nameOf(text: string): string {
  const reference = parseReference(text);
  if (reference.digest !== undefined) throw new InvalidImageError('cannot import digest reference');
  return canonicalString(withDefaultTag(reference));
}
