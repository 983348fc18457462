import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '@gantry/base';
import type { BlobStore } from '@gantry/content';
import { type Descriptor, type Digest, formatPlatform, hostPlatform, type Platform } from '@gantry/oci';
import type { LayerInfo } from '@gantry/snapshots';
import { ImageContentMissingError, PlatformNotFoundError } from '../errors.ts';
import type { ImageDocuments } from '../reading/image-documents.ts';
import {
  chooseNode,
  type ImageTree,
  isRunnable,
  missingBlobs,
  type RunnableNode,
  readImageTree,
} from '../reading/image-tree.ts';
import type { ImageRecord, ImageRecords } from '../records/image-records.ts';
import type { KeepScope } from './content-keeper.ts';
import type { LayerUnpacker, UnpackOptions } from './layer-unpacker.ts';

export interface RecorderOptions {
  content: BlobStore;
  documents: ImageDocuments;
  records: ImageRecords;
  unpacker: LayerUnpacker;
  clock: Clock;
  maxManifests: number;
}

/** An image that is whole, verified and unpacked, but has no record yet. */
export interface PreparedImage {
  id: Digest;
  record: ImageRecord;
  /** Canonical names it shall have. */
  names: readonly string[];
}

export interface PrepareOptions extends UnpackOptions {
  /** These must be there, and are unpacked; the host's when there are none. */
  platforms?: readonly Platform[];
}

/** The way of every new image: prepare (everything is here, verified, unpacked), then commit (it appears, at once). */
export class ImageRecorder {
  readonly #options: RecorderOptions;

  constructor(options: RecorderOptions) {
    this.#options = options;
  }

  /**
   * Checks that all of an image's content is in the store, keeps it through `scope` and unpacks the layers. An index
   * may lack some platforms as long as one is whole. Throws `ImageContentMissingError`, `PlatformNotFoundError`, and what
   * reading and unpacking throw.
   */
  async prepare(
    image: { target: Descriptor; names: readonly string[] },
    scope: KeepScope,
    options: PrepareOptions = {},
  ): Promise<PreparedImage> {
    const { content, documents, maxManifests, clock } = this.#options;
    const tree = await readImageTree(documents, image.target, maxManifests);
    for (const digest of tree.blobs.keys()) {
      if ((await content.stat(digest)) !== undefined) scope.lease.hold(digest);
    }
    const whole = await this.#wholeNodes(tree);
    const ref = image.names[0] ?? image.target.digest;
    const [chosen, ...more] = chooseToUnpack({ ...tree, nodes: whole }, ref, options.platforms);
    const layers: LayerInfo[] = [];
    if (chosen !== undefined) layers.push(...(await this.#unpack(chosen, scope, options)));
    for (const node of more) await this.#unpack(node, scope, options);
    const created = (chosen ?? whole[0])?.config.created;
    return {
      id: image.target.digest,
      names: image.names,
      record: {
        target: image.target,
        ...(created === undefined ? {} : { created }),
        sizeBytes: layers.reduce((sum, layer) => sum + layer.sizeBytes, 0),
        platforms: [...new Set(whole.map((node) => formatPlatform(node.platform)))],
        recordedAt: clock.now().toISOString(),
      },
    };
  }

  #unpack(node: RunnableNode, scope: KeepScope, options: UnpackOptions): Promise<LayerInfo[]> {
    for (const diffId of node.config.rootfs.diff_ids) scope.keepLayer(diffId);
    return this.#options.unpacker.unpack(node, options);
  }

  /** Records images and moves their names to them, durably, all at once; what is so already is not written. Synchronous. */
  commit(images: readonly PreparedImage[]): void {
    const { records, clock } = this.#options;
    const taggedAt = clock.now().toISOString();
    records.transaction(() => {
      for (const { id, record, names } of images) {
        const known = records.image(id);
        const next = { ...record, recordedAt: known?.recordedAt ?? record.recordedAt };
        if (!isDeepStrictEqual(known, next)) records.putImage(id, next);
        for (const name of names) {
          if (records.name(name)?.imageId !== id) records.putName(name, { imageId: id, taggedAt });
        }
      }
    });
  }

  /** Images whose every blob is here. Throws `ImageContentMissingError` when there is none. */
  async #wholeNodes(tree: ImageTree): Promise<RunnableNode[]> {
    const whole: RunnableNode[] = [];
    let missing: Descriptor | undefined;
    for (const node of tree.nodes) {
      if (node.kind === 'attestation') continue;
      const [first] = await missingBlobs(this.#options.content, node);
      missing ??= first;
      if (first === undefined && isRunnable(node)) whole.push(node);
    }
    if (whole.length > 0) return whole;
    throw new ImageContentMissingError(missing?.digest ?? tree.target.digest, 'image');
  }
}

/** What runs here, or what was asked for. Nothing, when an index has no platform for this host. */
function chooseToUnpack(
  tree: ImageTree,
  ref: string,
  platforms: readonly Platform[] = [],
): readonly RunnableNode[] {
  if (platforms.length > 0) return platforms.map((platform) => chooseNode(tree, ref, platform));
  if (!tree.isIndex) return [chooseNode(tree, ref, undefined)];
  try {
    return [chooseNode(tree, ref, hostPlatform())];
  } catch (error) {
    if (error instanceof PlatformNotFoundError) return [];
    throw error;
  }
}
