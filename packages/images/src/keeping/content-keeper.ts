import { errorMessage, faultPoint, type Logger, Semaphore } from '@gantry/base';
import type { BlobInfo, BlobLease, BlobStore } from '@gantry/content';
import type { Digest } from '@gantry/oci';
import type { Snapshotter } from '@gantry/snapshots';
import type { ImageDocuments } from '../reading/image-documents.ts';
import { isRunnable, readImageTree } from '../reading/image-tree.ts';
import type { ImageRecords } from '../records/image-records.ts';

export interface KeeperOptions {
  content: BlobStore;
  snapshots: Snapshotter;
  records: ImageRecords;
  documents: ImageDocuments;
  logger: Logger;
  maxManifests: number;
  /** Layers that are kept though no image has them; their blobs are their plain tars. */
  retained: () => Iterable<Digest>;
}

export interface CollectedGarbage {
  blobs: readonly BlobInfo[];
  layers: readonly Digest[];
  /** Of both. */
  sizeBytes: number;
}

/**
 * What an operation brings in while nothing refers to it yet. Disposing lets go of it: what no image refers to by then
 * is removed (`abandoned`), or is left to the next collection.
 */
export interface KeepScope extends AsyncDisposable {
  readonly lease: BlobLease;
  /** Keeps an unpacked layer, before it is there already. */
  keepLayer(diffId: Digest): void;
  /** Says that records refer to what was brought in: nothing has to be cleaned up. */
  complete(): void;
}

/** Decides which blobs and layers stay: those of recorded images, and those in use by a running operation. */
export class ContentKeeper {
  readonly #options: KeeperOptions;
  /** Collection and the end of a scope exclude each other: a collection knows either the record or the scope. */
  readonly #gate = new Semaphore(1);
  readonly #keptLayers = new Map<Digest, number>();

  constructor(options: KeeperOptions) {
    this.#options = options;
  }

  begin(): KeepScope {
    const lease = this.#options.content.lease();
    const layers: Digest[] = [];
    let isComplete = false;
    return {
      lease,
      keepLayer: (diffId) => {
        layers.push(diffId);
        this.#keptLayers.set(diffId, (this.#keptLayers.get(diffId) ?? 0) + 1);
      },
      complete: () => {
        isComplete = true;
      },
      [Symbol.asyncDispose]: () => this.#end(lease, layers, isComplete),
    };
  }

  /** Removes every blob and layer that no image and no scope keeps. A layer that a container stands on stays. */
  collectGarbage(): Promise<CollectedGarbage> {
    return this.#gate.run(() => this.#collect());
  }

  /**
   * Removes manifests that an image's index names, and what no image needs then. What a running operation keeps stays. After a kill
   * in its midst the manifests are there or not, and the next collection removes the rest.
   */
  dropManifests(imageId: Digest, manifests: ReadonlySet<Digest>): Promise<CollectedGarbage> {
    return this.#gate.run(async () => {
      const { blobs } = await this.#referenced({ imageId, manifests });
      await this.#collectBlobs(blobs);
      faultPoint('image-remove-platform/manifest-removed');
      return this.#collect();
    });
  }

  /** Layers that images have. */
  async imageLayers(): Promise<ReadonlySet<Digest>> {
    return (await this.#ofImages()).layers;
  }

  /** Tells of a digest whether it is kept though no image has it, as things are now. */
  keeps(): (digest: Digest) => boolean {
    const retained = new Set(this.#options.retained());
    return (digest) => retained.has(digest) || this.#keptLayers.has(digest);
  }

  async #end(lease: BlobLease, layers: readonly Digest[], isComplete: boolean): Promise<void> {
    await this.#gate.run(async () => {
      lease[Symbol.dispose]();
      for (const diffId of layers) this.#letGo(diffId);
      if (isComplete) return;
      // The operation's own error is the one to report.
      await this.#collect().catch((error: unknown) => {
        this.#options.logger.warn('cannot clean up after a failed image operation', { error });
      });
    });
  }

  #letGo(diffId: Digest): void {
    const count = (this.#keptLayers.get(diffId) ?? 0) - 1;
    if (count > 0) this.#keptLayers.set(diffId, count);
    else this.#keptLayers.delete(diffId);
  }

  async #collect(): Promise<CollectedGarbage> {
    const { snapshots } = this.#options;
    const referenced = await this.#referenced();
    const blobs = await this.#collectBlobs(referenced.blobs);
    faultPoint('image-prune/blobs-removed');
    const layers: Digest[] = [];
    let bytes = blobs.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    for (const { diffId, sizeBytes } of await snapshots.layers()) {
      if (referenced.layers.has(diffId) || this.#keptLayers.has(diffId)) continue;
      if (!(await this.#removeLayer(diffId))) continue;
      faultPoint('image-prune/layer-removed');
      layers.push(diffId);
      bytes += sizeBytes;
    }
    return { blobs, layers, sizeBytes: bytes };
  }

  async #collectBlobs(referenced: ReadonlySet<Digest>): Promise<BlobInfo[]> {
    const { content, documents } = this.#options;
    const removed = await content.collectGarbage(referenced);
    for (const { digest } of removed) documents.forget(digest);
    return removed;
  }

  async #removeLayer(diffId: Digest): Promise<boolean> {
    try {
      await this.#options.snapshots.removeLayer(diffId);
      return true;
    } catch (error) {
      // A container's layer goes when the container is gone and the next collection comes.
      this.#options.logger.debug(`layer stays: ${errorMessage(error)}`, { digest: diffId });
      return false;
    }
  }

  async #referenced(dropped?: {
    imageId: Digest;
    manifests: ReadonlySet<Digest>;
  }): Promise<{ blobs: Set<Digest>; layers: Set<Digest> }> {
    const referenced = await this.#ofImages(dropped);
    for (const diffId of this.#options.retained()) {
      referenced.blobs.add(diffId);
      referenced.layers.add(diffId);
    }
    return referenced;
  }

  async #ofImages(dropped?: {
    imageId: Digest;
    manifests: ReadonlySet<Digest>;
  }): Promise<{ blobs: Set<Digest>; layers: Set<Digest> }> {
    const { records, documents, maxManifests, logger } = this.#options;
    const layers = new Set<Digest>();
    const blobs = new Set<Digest>();
    for (const { id, record } of records.images()) {
      blobs.add(id);
      try {
        const tree = await readImageTree(documents, record.target, maxManifests);
        for (const digest of tree.blobs.keys()) {
          const isDropped = dropped?.imageId === id && dropped.manifests.has(digest);
          if (!isDropped) blobs.add(digest);
        }
        for (const node of tree.nodes.filter(isRunnable)) {
          for (const diffId of node.config.rootfs.diff_ids) layers.add(diffId);
        }
      } catch (error) {
        logger.warn('cannot read an image; what it alone refers to is not kept', { digest: id, error });
      }
    }
    return { blobs, layers };
  }
}
