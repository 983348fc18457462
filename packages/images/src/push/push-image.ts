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
  isForeignLayerType,
  isIndexType,
  isManifestType,
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

/** `docker push`. */
export class ImagePusher {
  readonly #options: ImagePusherOptions;

  constructor(options: ImagePusherOptions) {
    this.#options = options;
  }

  /**
   * Sends what a tag names: blobs that the registry has not, then manifests, the tag last. An index goes whole; with
   * `platform` its manifest for that goes alone. Idempotent. Throws `NoSuchTagError`, `IncompleteIndexError`,
   * `PlatformNotFoundError`, and what `RemoteRepository` throws.
   */
  async push(reference: Reference, options: PushOptions): Promise<void> {
    const { records, documents, maxManifests } = this.#options;
    const { record } = find(records, reference);
    const whole = await readImageTree(documents, record.target, maxManifests);
    const tree = options.platform === undefined ? whole : onlyFor(whole, reference, options.platform);
    await this.#send(tree, reference, options);
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
    await this.#send(tree, byDigest ? { ...reference, tag: undefined } : reference, options);
  }

  async #send(tree: ImageTree, reference: Reference, options: PushOptions): Promise<void> {
    const { onProgress: report, auth, signal = new AbortController().signal } = options;
    const repository = await this.#options.registries.repository(reference, 'push', auth);
    report({ status: `The push refers to repository [${canonicalName(reference)}]` });
    const push = { repository, reference, report, signal };
    await this.#sendBlobs(push, await this.#blobsOf(push, tree));
    await this.#sendManifests(push, tree);
    const { tag = '' } = reference;
    const { digest, size } = tree.target;
    report({ status: `${tag}: digest: ${digest} size: ${size}` });
    report({ progressDetail: {}, aux: { Tag: tag, Digest: digest, Size: size } });
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

  /** What has to be there before the manifests, each once. Throws `IncompleteIndexError`. */
  async #blobsOf({ repository, reference, signal }: Push, tree: ImageTree): Promise<Descriptor[]> {
    const blobs: Descriptor[] = [];
    for (const blob of tree.blobs.values()) {
      if (isManifestType(blob.mediaType) || isIndexType(blob.mediaType)) continue;
      const isHere = (await this.#options.content.stat(blob.digest)) !== undefined;
      if (isHere) blobs.push(blob);
      // A manifest may name layers that no registry has, and says where they are.
      else if (isForeignLayerType(blob.mediaType) && (blob.urls ?? []).length > 0) continue;
      else if (!(await repository.hasBlob(blob.digest, { signal }))) {
        throw new IncompleteIndexError(familiarString(reference), blob.digest);
      }
    }
    return blobs;
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

  /** Children before what names them, the tag last. */
  async #sendManifests({ repository, reference, signal }: Push, tree: ImageTree): Promise<void> {
    const { content } = this.#options;
    const documents = [...tree.blobs.values()].filter(
      ({ mediaType, digest }) =>
        (isManifestType(mediaType) || isIndexType(mediaType)) && digest !== tree.target.digest,
    );
    // A tree lists parents first.
    for (const { digest, mediaType } of documents.reverse()) {
      if ((await content.stat(digest)) === undefined) {
        throw new IncompleteIndexError(familiarString(reference), digest);
      }
      const bytes = await content.readSmall(digest, maxDocumentBytes);
      await repository.putManifest(digest, { mediaType, digest, bytes }, { signal });
    }
    const { digest, mediaType } = tree.target;
    const bytes = await content.readSmall(digest, maxDocumentBytes);
    await repository.putManifest(reference.tag ?? digest, { mediaType, digest, bytes }, { signal });
  }
}

/** Throws `NoSuchTagError`. */
function find(records: ImageRecords, reference: Reference): ReturnType<typeof findImage> {
  if (records.name(canonicalString(reference)) === undefined)
    throw new NoSuchTagError(familiarString(reference));
  return findImage(records, canonicalString(reference));
}

/** The tree of one platform's manifest alone. Throws `PlatformNotFoundError`. */
function onlyFor(tree: ImageTree, reference: Reference, platform: Platform): ImageTree {
  const node = chooseNode(tree, familiarString(reference), platform);
  const { manifest, descriptor } = node;
  const parts = [descriptor, manifest.config, ...manifest.layers];
  return {
    target: descriptor,
    isIndex: false,
    nodes: [node],
    blobs: new Map(parts.map((part) => [part.digest, part])),
  };
}

function shortId({ digest }: Descriptor): string {
  return digestHex(digest).slice(0, 12);
}
