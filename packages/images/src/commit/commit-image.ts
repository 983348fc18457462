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
import type { Snapshotter } from '@gantry/snapshots';
import { InvalidImageError } from '../errors.ts';
import type { AssembleImageOptions, CommitImageOptions } from '../image-store.ts';
import type { ContentKeeper, KeepScope } from '../keeping/content-keeper.ts';
import type { ImageRecorder } from '../keeping/image-recorder.ts';
import { layerDescriptor, storeDocuments } from '../keeping/store-documents.ts';
import { storeLayer } from '../keeping/store-layer.ts';
import type { ImageLimits } from '../limits.ts';
import type { ImageDocuments } from '../reading/image-documents.ts';
import { isRunnable, readImageTree } from '../reading/image-tree.ts';
import type { ImageRecords } from '../records/image-records.ts';

export interface ImageCommitterOptions {
  content: BlobStore;
  snapshots: Snapshotter;
  documents: ImageDocuments;
  records: ImageRecords;
  keeper: ContentKeeper;
  recorder: ImageRecorder;
  clock: Clock;
  limits: ImageLimits;
}

/** What the new image stands on. */
interface Foundation {
  layers: readonly Descriptor[];
  diffIds: readonly Digest[];
  history: readonly HistoryEntry[];
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
    const { signal, reference } = options;
    const names = reference === undefined ? [] : [nameOf(reference)];
    const signals = signal === undefined ? {} : { signal };
    await using scope = keeper.begin();
    const below = await this.#foundation(options.parent, scope);
    const own = await storeLayer(layer, { content, limits, lease: scope.lease, ...signals });
    faultPoint('commit/layer-stored');
    const isEmpty = own.diffId === emptyDiffId;
    const created = clock.now().toISOString();
    const id = await this.#record(scope, {
      layers: isEmpty ? below.layers : [...below.layers, layerDescriptor(own)],
      config: imageConfig(options, {
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

  /** See `ImageStore.assemble`. */
  async assemble(options: AssembleImageOptions): Promise<Digest> {
    const { parent, layers, history, references, signal } = options;
    await using scope = this.#options.keeper.begin();
    const nothing: Foundation = { layers: [], diffIds: [], history: [] };
    const below = parent === undefined ? nothing : await this.#foundation(parent, scope);
    const own = layers.map(({ diffId, sizeBytes }) =>
      layerDescriptor({ blob: { digest: diffId, sizeBytes }, diffId, compression: 'none' }),
    );
    const id = await this.#record(scope, {
      layers: [...below.layers, ...own],
      config: imageConfig(options, {
        created: options.created.toISOString(),
        diffIds: [...below.diffIds, ...layers.map(({ diffId }) => diffId)],
        history: [...below.history, ...history],
      }),
      names: references.map(nameOf),
      ...(signal === undefined ? {} : { signal }),
    });
    scope.complete();
    return id;
  }

  async #record(
    scope: KeepScope,
    image: { layers: readonly Descriptor[]; config: ImageConfig; names: string[]; signal?: AbortSignal },
  ): Promise<Digest> {
    const { content, recorder } = this.#options;
    const { layers, config, names, signal } = image;
    const target = await storeDocuments(content, scope.lease, { config, layers });
    faultPoint('commit/documents-stored');
    const prepared = await recorder.prepare({ target, names }, scope, signal === undefined ? {} : { signal });
    signal?.throwIfAborted();
    faultPoint('commit/unpacked');
    recorder.commit([prepared]);
    faultPoint('commit/recorded');
    return prepared.id;
  }

  /** The image's own blobs; packed anew from its unpacked layers when the image was removed meanwhile. */
  async #foundation(parent: CommitImageOptions['parent'], scope: KeepScope): Promise<Foundation> {
    const { documents, records, limits } = this.#options;
    for (const diffId of parent.layers) scope.keepLayer(diffId);
    const record = records.image(parent.id);
    if (record === undefined) return await this.#packedFoundation(parent.layers, scope);
    const tree = await readImageTree(documents, record.target, limits.manifests);
    const node = tree.nodes
      .filter(isRunnable)
      .find(({ descriptor }) => descriptor.digest === parent.manifestDigest);
    if (node === undefined) return await this.#packedFoundation(parent.layers, scope);
    for (const { digest } of node.manifest.layers) scope.lease.hold(digest);
    return {
      layers: node.manifest.layers,
      diffIds: node.config.rootfs.diff_ids,
      history: node.config.history ?? [],
    };
  }

  async #packedFoundation(diffIds: readonly Digest[], scope: KeepScope): Promise<Foundation> {
    const { content, snapshots, limits } = this.#options;
    const layers: Descriptor[] = [];
    const packedIds: Digest[] = [];
    for (const diffId of diffIds) {
      const layer = await snapshots.layer(diffId);
      if (layer === undefined) throw new InvalidImageError(`layer ${diffId} is not here any more`);
      const packed = snapshots.packDirectory(layer.path);
      const stored = await storeLayer(packed, { content, limits, lease: scope.lease });
      layers.push(layerDescriptor(stored));
      packedIds.push(stored.diffId);
    }
    return { layers, diffIds: packedIds, history: packedIds.map(() => ({ comment: 'of a removed image' })) };
  }
}

function imageConfig(
  { config, platform, author }: Pick<CommitImageOptions, 'config' | 'platform' | 'author'>,
  parts: { created: string; diffIds: readonly Digest[]; history: HistoryEntry[] },
): ImageConfig {
  return {
    created: parts.created,
    ...(author === '' ? {} : { author }),
    architecture: platform.architecture,
    os: platform.os,
    ...(platform.variant === undefined ? {} : { variant: platform.variant }),
    config,
    rootfs: { type: 'layers', diff_ids: [...parts.diffIds] },
    history: parts.history,
  };
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
