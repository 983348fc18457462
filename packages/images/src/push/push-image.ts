import type { ProgressMessage } from '@gantry/api-types';
import { Semaphore } from '@gantry/base';
import type { BlobStore } from '@gantry/content';
import type { RemoteRepository } from '@gantry/distribution';
import {
  canonicalName,
  canonicalString,
  type Descriptor,
  type Digest,
  digestHex,
  familiarString,
  maxDocumentBytes,
  type Platform,
  parseReference,
  type Reference,
} from '@gantry/oci';
import { IncompleteIndexError, NoSuchTagError } from '../errors.ts';
import type { PushOptions } from '../image-store.ts';
import type { Registries } from '../pull/registry-images.ts';
import type { ImageDocuments } from '../reading/image-documents.ts';
import { chooseNode, type ImageTree, readImageTree } from '../reading/image-tree.ts';
import { findImage } from '../records/find-image.ts';
import type { ImageRecords } from '../records/image-records.ts';
import { type PushedParts, partsToPush, platformInstead, treeOf } from './choose-pushed.ts';

const maxMountAttempts = 3;

export interface ImagePusherOptions {
  registries: Registries;
  content: BlobStore;
  documents: ImageDocuments;
  records: ImageRecords;
  maxManifests: number;
  /** Blobs that are sent at once by one push. */
  maxUploads: () => number;
}

interface Push {
  repository: RemoteRepository;
  reference: Reference;
  report: (message: ProgressMessage) => void;
  signal: AbortSignal;
}

type SendOptions = Omit<PushOptions, 'platform'> & { mayBeOnePlatform: boolean };

/** `docker push`. */
export class ImagePusher {
  readonly #options: ImagePusherOptions;

  constructor(options: ImagePusherOptions) {
    this.#options = options;
  }

  /**
   * Sends what a tag names: blobs that the registry has not, then manifests, the tag last. An index goes whole, or, where parts of it
   * are neither here nor in the repository, as the one platform that is here; with `platform` its manifest for that goes alone. Idempotent. Throws `NoSuchTagError`, `IncompleteIndexError`,
   * `PlatformNotFoundError`, and what `RemoteRepository` throws.
   */
  async push(reference: Reference, options: PushOptions): Promise<void> {
    const { records, documents, maxManifests } = this.#options;
    const { record } = find(records, reference);
    const whole = await readImageTree(documents, record.target, maxManifests);
    const tree = asked(whole, reference, options.platform);
    await this.#send(tree, reference, { ...options, mayBeOnePlatform: true });
  }

  /**
   * Sends an image whether it is recorded or not, to a name's repository: under its tag, or `byDigest` under none. Idempotent.
   * Throws `IncompleteIndexError`, and what `RemoteRepository` throws.
   */
  async send(
    target: Descriptor,
    reference: Reference,
    { byDigest, ...options }: Omit<PushOptions, 'platform'> & { byDigest: boolean },
  ): Promise<void> {
    const { documents, maxManifests } = this.#options;
    const tree = await readImageTree(documents, target, maxManifests);
    const name = byDigest ? { ...reference, tag: undefined } : reference;
    await this.#send(tree, name, { ...options, mayBeOnePlatform: false });
  }

  async #send(tree: ImageTree, reference: Reference, options: SendOptions): Promise<void> {
    const { onProgress: report, auth, signal = new AbortController().signal } = options;
    const repository = await this.#options.registries.repository(reference, 'push', auth);
    report({ status: `The push refers to repository [${canonicalName(reference)}]` });
    const push = { repository, reference, report, signal };
    const { parts, target } = await this.#choose(push, tree, options.mayBeOnePlatform);
    await this.#sendBlobs(push, parts.blobs);
    await this.#sendManifests(push, parts);
    const { tag = '' } = reference;
    const { digest, size } = target;
    report({ status: `${tag}: digest: ${digest} size: ${size}` });
    report({ progressDetail: {}, aux: { Tag: tag, Digest: digest, Size: size } });
  }

  /** The whole; of an index of which parts are nowhere to be had the one platform that is here, which is told as dockerd does. */
  async #choose(
    { repository, reference, report, signal }: Push,
    tree: ImageTree,
    mayBeOnePlatform: boolean,
  ): Promise<{ parts: PushedParts; target: Descriptor }> {
    const image = familiarString(reference);
    const places = { content: this.#options.content, repository, signal };
    const parts = await partsToPush(tree, places);
    if (typeof parts !== 'string') return { parts, target: tree.target };
    if (!mayBeOnePlatform) throw new IncompleteIndexError(image, parts);
    const instead = await platformInstead(tree, places.content, { image, missing: parts });
    const fewer = await partsToPush(instead, places);
    if (typeof fewer === 'string') throw new IncompleteIndexError(image, fewer);
    const selected = { originalIndex: tree.target, selectedManifest: instead.target };
    report({ progressDetail: {}, aux: { manifestPushedInsteadOfIndex: true, ...selected } });
    return { parts: fewer, target: instead.target };
  }

  /** Sends every tag of a repository. Throws as `push`, at the first that fails. */
  async pushAll(reference: Reference, options: PushOptions): Promise<void> {
    const names = this.#options.records
      .namesIn(canonicalName(reference))
      .map(({ name }) => parseReference(name))
      .filter(({ digest }) => digest === undefined);
    if (names.length === 0) throw new NoSuchTagError(familiarString(reference));
    for (const name of names) await this.push(name, options);
  }

  async #sendBlobs(push: Push, blobs: readonly Descriptor[]): Promise<void> {
    const slots = new Semaphore(this.#options.maxUploads());
    const stop = new AbortController();
    const signal = AbortSignal.any([push.signal, stop.signal]);
    for (const blob of blobs) push.report({ status: 'Preparing', id: shortId(blob), progressDetail: {} });
    const results = await Promise.allSettled(
      blobs.map((blob) =>
        slots
          .run(() => this.#sendBlob({ ...push, signal }, blob), signal)
          .catch((error: unknown) => {
            stop.abort(error);
            throw error;
          }),
      ),
    );
    push.signal.throwIfAborted();
    if (results.some(({ status }) => status === 'rejected')) throw stop.signal.reason;
  }

  async #sendBlob({ repository, reference, report, signal }: Push, blob: Descriptor): Promise<void> {
    const id = shortId(blob);
    if (await repository.hasBlob(blob.digest, { signal })) {
      report({ status: 'Layer already exists', id, progressDetail: {} });
      return;
    }
    for (const path of await this.#otherRepositories(reference, blob.digest)) {
      if (await repository.mountBlob(blob.digest, path, { signal })) {
        report({ status: `Mounted from ${path}`, id, progressDetail: {} });
        return;
      }
    }
    await repository.putBlob(blob, () => this.#options.content.read(blob.digest), {
      signal,
      onProgress: (current) =>
        report({ status: 'Pushing', id, progressDetail: { current, total: blob.size } }),
    });
    report({ status: 'Pushed', id, progressDetail: {} });
  }

  /** Repositories of the same registry that have the blob by what is known here. */
  async #otherRepositories(reference: Reference, digest: Digest): Promise<string[]> {
    const { records, documents, maxManifests } = this.#options;
    const paths = new Set<string>();
    for (const { name, record } of records.names()) {
      const other = parseReference(name);
      if (other.domain !== reference.domain || other.path === reference.path || paths.has(other.path))
        continue;
      const image = records.image(record.imageId);
      const tree =
        image && (await readImageTree(documents, image.target, maxManifests).catch(() => undefined));
      if (tree?.blobs.has(digest) === true) paths.add(other.path);
      if (paths.size >= maxMountAttempts) break;
    }
    return [...paths];
  }

  /** The tag last. */
  async #sendManifests({ repository, reference, signal }: Push, parts: PushedParts): Promise<void> {
    for (const [index, { digest, mediaType }] of parts.documents.entries()) {
      const isTarget = index === parts.documents.length - 1;
      const bytes = await this.#options.content.readSmall(digest, maxDocumentBytes);
      const name = isTarget ? (reference.tag ?? digest) : digest;
      await repository.putManifest(name, { mediaType, digest, bytes }, { signal });
    }
  }
}

/** Throws `NoSuchTagError`. */
function find(records: ImageRecords, reference: Reference): ReturnType<typeof findImage> {
  if (records.name(canonicalString(reference)) === undefined)
    throw new NoSuchTagError(familiarString(reference));
  return findImage(records, canonicalString(reference));
}

/** What is asked of an image: all of it, or the manifest of one platform alone. Throws `PlatformNotFoundError`. */
function asked(tree: ImageTree, reference: Reference, platform: Platform | undefined): ImageTree {
  if (platform === undefined) return tree;
  return treeOf(chooseNode(tree, familiarString(reference), platform)) ?? tree;
}

function shortId({ digest }: Descriptor): string {
  return digestHex(digest).slice(0, 12);
}
