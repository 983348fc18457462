import { faultPoint } from '@gantry/base';
import type { RegistryCredentials } from '@gantry/distribution';
import { canonicalString, type Descriptor, type Digest, parseReference, type Reference } from '@gantry/oci';
import type { PushOptions } from '../image-store.ts';
import type { KeepScope } from '../keeping/content-keeper.ts';
import type { ImageRecorder } from '../keeping/image-recorder.ts';
import type { LayerUnpacker } from '../keeping/layer-unpacker.ts';
import {
  type BlobSource,
  type ReceivedImage,
  type ReceiveRequest,
  receiveImage,
} from '../pull/receive-image.ts';
import type { ImagePusher } from '../push/push-image.ts';
import { readImageTree } from '../reading/image-tree.ts';
import { type ArchiveStyle, planTargetArchive, type SaveContext } from '../save/plan-archive.ts';
import { writeArchive } from '../save/write-archive.ts';
import {
  type ComposeContext,
  type ComposedImage,
  type ComposeRequest,
  composeImage,
} from './compose-image.ts';
import type { PlainLayer } from './image-format.ts';
import { type ComposedLayer, LayerPacker } from './layer-packer.ts';

export interface ImageComposerOptions extends ComposeContext, SaveContext {
  recorder: ImageRecorder;
  pusher: ImagePusher;
  unpacker: LayerUnpacker;
}

export interface SendOptions extends Omit<PushOptions, 'platform' | 'auth'> {
  /** By its digest alone, under no tag. */
  byDigest: boolean;
  auth?: RegistryCredentials;
}

export interface ArchiveRequest {
  /** Canonical. */
  names: readonly string[];
  style: ArchiveStyle;
  /** Of the image's descriptor in `index.json`. */
  annotations: Readonly<Record<string, string>>;
}

/** Makes images of layers that are in the store: composed first, then recorded, sent or written to an archive. */
export class ImageComposer {
  readonly #options: ImageComposerOptions;

  constructor(options: ImageComposerOptions) {
    this.#options = options;
  }

  /** Brings an image in that somebody else has, to build on: see `receiveImage`. */
  receive(source: BlobSource, request: ReceiveRequest, scope: KeepScope): Promise<ReceivedImage> {
    return receiveImage(this.#options, source, request, scope);
  }

  /** Packs a layer that was made, in its blob of the store; the scope keeps it. What was packed so before is not packed again. */
  pack(
    layer: PlainLayer,
    { format, signal }: Pick<ComposeRequest, 'format' | 'signal'>,
    scope: KeepScope,
  ): Promise<ComposedLayer> {
    const { content, packed } = this.#options;
    return new LayerPacker({ content, packed, scope, format, ...(signal && { signal }) }).own(layer);
  }

  /** Stores manifests, configs and packed layers; the scope keeps them. Throws `ImageContentMissingError`, `StorageFullError`. */
  compose(request: ComposeRequest, scope: KeepScope): Promise<ComposedImage> {
    return composeImage(this.#options, request, scope);
  }

  /**
   * Makes it an image of this host, with all its names at once (canonical, `repository:tag` or `repository@digest`), unpacked for this
   * host if it has something for it. Throws what unpacking throws.
   */
  async record(
    target: Descriptor,
    names: readonly string[],
    { scope, signal }: { scope: KeepScope; signal?: AbortSignal },
  ): Promise<Digest> {
    const { recorder } = this.#options;
    const prepared = await recorder.prepare({ target, names }, scope, signal === undefined ? {} : { signal });
    signal?.throwIfAborted();
    faultPoint('build-output/unpacked');
    recorder.commit([prepared]);
    faultPoint('build-output/recorded');
    return prepared.id;
  }

  /** Sends it to the registry of a name. Throws `IncompleteIndexError`, and what a registry's client throws. */
  async send(target: Descriptor, name: Reference, options: SendOptions): Promise<void> {
    await this.#options.pusher.send(target, name, options);
    faultPoint('build-send/pushed');
  }

  /** Everything that an image consists of and that is here, its target too, what is named before what names it. */
  async blobs(target: Descriptor): Promise<readonly Descriptor[]> {
    const { documents, maxManifests, content } = this.#options;
    const { blobs } = await readImageTree(documents, target, maxManifests);
    const present: Descriptor[] = [];
    for (const blob of blobs.values())
      if ((await content.stat(blob.digest)) !== undefined) present.unshift(blob);
    return present;
  }

  /** The image as a tar. Throws `ImageContentMissingError` before the first byte. */
  async archive(target: Descriptor, request: ArchiveRequest): Promise<AsyncIterable<Uint8Array>> {
    const names = request.names.map((name) => canonicalString(parseReference(name)));
    const plan = await planTargetArchive(this.#options, target, { ...request, names });
    return writeArchive(this.#options.content, plan);
  }
}
