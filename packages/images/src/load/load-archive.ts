import type { ProgressMessage } from '@gantry/api-types';
import type { BlobStore } from '@gantry/content';
import { type Descriptor, digestHex, familiarString, type Platform, parseReference } from '@gantry/oci';
import { bounded } from '../archives/bounded.ts';
import { decompress, sniffStream } from '../archives/decompress.ts';
import { InvalidImageError } from '../errors.ts';
import type { ContentKeeper } from '../keeping/content-keeper.ts';
import type { ImageRecorder, PreparedImage } from '../keeping/image-recorder.ts';
import type { ImageLimits } from '../limits.ts';
import type { ImageDocuments } from '../reading/image-documents.ts';
import { imagesOfDockerArchive } from './docker-archive.ts';
import type { ArchivedImage } from './loaded-image.ts';
import { imagesOfLayout } from './oci-layout.ts';
import { type SpooledArchive, spoolArchive } from './spool-archive.ts';

export interface ArchiveLoaderOptions {
  content: BlobStore;
  documents: ImageDocuments;
  keeper: ContentKeeper;
  recorder: ImageRecorder;
  limits: ImageLimits;
}

export interface LoadOptions {
  platforms?: readonly Platform[];
  quiet?: boolean;
  onProgress: (message: ProgressMessage) => void;
  signal?: AbortSignal;
}

/** `docker load`. */
export class ArchiveLoader {
  readonly #options: ArchiveLoaderOptions;

  constructor(options: ArchiveLoaderOptions) {
    this.#options = options;
  }

  /** All images of the archive appear at once, or none does and nothing is left. */
  async load(archive: AsyncIterable<Uint8Array>, options: LoadOptions): Promise<PreparedImage[]> {
    const { content, keeper, recorder, limits } = this.#options;
    await using scope = keeper.begin();
    const { compression, stream } = await sniffStream(archive);
    const plain = decompress(stream, compression, options.signal);
    const spooled = await spoolArchive(bounded(plain, limits.archiveBytes, 'archive'), {
      content,
      lease: scope.lease,
      limits,
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    });
    const images = await this.#imagesOf(spooled, scope);
    const prepared: PreparedImage[] = [];
    for (const image of images) {
      prepared.push(
        await recorder.prepare(image, scope, {
          ...(options.platforms === undefined ? {} : { platforms: options.platforms }),
          ...(options.signal === undefined ? {} : { signal: options.signal }),
          ...(options.quiet === true ? {} : { onProgress: layerProgress(options.onProgress) }),
        }),
      );
    }
    options.signal?.throwIfAborted();
    recorder.commit(prepared);
    scope.complete();
    for (const line of prepared.flatMap(loadedLines)) options.onProgress({ stream: line });
    return prepared;
  }

  #imagesOf(
    spooled: SpooledArchive,
    { lease }: ReturnType<ContentKeeper['begin']>,
  ): Promise<ArchivedImage[]> {
    const { content, documents, limits } = this.#options;
    const manifestJson = spooled.documents.get('manifest.json');
    if (spooled.documents.has('oci-layout')) return imagesOfLayout(spooled, documents, limits.manifests);
    if (manifestJson === undefined) throw new InvalidImageError('unrecognized image format');
    return imagesOfDockerArchive(spooled, manifestJson, { content, lease, maxImages: limits.manifests });
  }
}

function layerProgress(
  onProgress: LoadOptions['onProgress'],
): (layer: Descriptor, consumedBytes: number) => void {
  return (layer, current) => {
    onProgress({
      status: 'Loading layer',
      id: digestHex(layer.digest).slice(0, 12),
      progressDetail: { current, total: layer.size },
    });
  };
}

/** Docker's lines, which SDKs parse. */
function loadedLines({ id, names }: PreparedImage): string[] {
  if (names.length === 0) return [`Loaded image ID: ${id}\n`];
  return names.map((name) => `Loaded image: ${familiarString(parseReference(name))}\n`);
}
