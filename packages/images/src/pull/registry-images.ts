import { createHash } from 'node:crypto';
import type { BlobStore } from '@gantry/content';
import type { RegistryCredentials, RemoteDocument, RemoteRepository } from '@gantry/distribution';
import {
  canonicalName,
  canonicalString,
  choosePlatform,
  type Descriptor,
  familiarString,
  formatPlatform,
  hostPlatform,
  type ImageManifest,
  isImageConfigType,
  isIndexType,
  isManifestType,
  maxDocumentBytes,
  type Platform,
  parseIndex,
  parseManifest,
  type Reference,
  withTag,
} from '@gantry/oci';
import { NoMatchingManifestError, NotAnImageError } from '../errors.ts';
import type { PullOptions } from '../image-store.ts';
import type { ContentKeeper, KeepScope } from '../keeping/content-keeper.ts';
import type { ImageRecorder } from '../keeping/image-recorder.ts';
import { ingestBytes } from '../keeping/ingest-bytes.ts';
import type { LayerUnpacker } from '../keeping/layer-unpacker.ts';
import type { ImageDocuments } from '../reading/image-documents.ts';
import type { ImageRecords } from '../records/image-records.ts';
import { SharedRuns } from '../shared-runs.ts';
import { LayerFetcher } from './layer-fetcher.ts';
import { PullProgress } from './pull-progress.ts';

/** Where repositories are had; `RegistryClient` is one. */
export interface Registries {
  repository(
    reference: Reference,
    action: 'pull' | 'push',
    credentials?: RegistryCredentials,
  ): Promise<RemoteRepository>;
}

/** Decides whether an image may come, before any of its content does. */
export interface ImageVerifier {
  /**
   * Resolves with whose signature lets it in, undefined where none is needed. `isAskedFor`: whoever pulls wants one. Throws when it
   * may not come.
   */
  verify(
    image: { name: string; target: Descriptor; repository: RemoteRepository },
    options: { isAskedFor: boolean; signal: AbortSignal },
  ): Promise<string | undefined>;
}

export interface RegistryImagesOptions {
  registries: Registries;
  verifier: ImageVerifier;
  content: BlobStore;
  documents: ImageDocuments;
  records: ImageRecords;
  keeper: ContentKeeper;
  recorder: ImageRecorder;
  unpacker: LayerUnpacker;
  /** Layers that are fetched at once, over all pulls. */
  maxDownloads: () => number;
}

interface Pull {
  reference: Reference;
  /** Tag or digest. */
  version: string;
  repository: RemoteRepository;
  platform: Platform | undefined;
  isVerificationAskedFor: boolean;
  progress: PullProgress;
  signal: AbortSignal;
}

/** Pulls images from registries. */
export class RegistryImages {
  readonly #options: RegistryImagesOptions;
  readonly #layers: LayerFetcher;
  readonly #runs = new SharedRuns<void>();

  constructor(options: RegistryImagesOptions) {
    this.#options = options;
    this.#layers = new LayerFetcher(options);
  }

  /**
   * Pulls what a tag or digest names: an index is kept whole, its content for one platform. All who pull the same with the same
   * credentials share one transfer. Throws what `RemoteRepository` throws, `NoMatchingManifestError`, `NotAnImageError`,
   * `BlobMismatchError`, and what unpacking throws; nothing is left of what failed.
   */
  async pull(reference: Reference, options: PullOptions): Promise<void> {
    const { platform, auth = {}, verify = false, onProgress, signal } = options;
    const key = JSON.stringify([
      canonicalString(reference),
      platform === undefined ? '' : formatPlatform(platform),
      verify,
      createHash('sha256').update(JSON.stringify(auth)).digest('hex'),
    ]);
    await this.#runs.join(key, { onProgress, ...(signal && { signal }) }, async (report, stop) => {
      const repository = await this.#options.registries.repository(reference, 'pull', auth);
      await this.#pull({
        reference,
        version: reference.digest ?? reference.tag ?? 'latest',
        repository,
        platform,
        isVerificationAskedFor: verify,
        progress: new PullProgress(report),
        signal: stop,
      });
    });
  }

  /** Pulls every tag of a repository, one after the other. Throws as `pull`, at the first that fails. */
  async pullAll(reference: Reference, options: PullOptions): Promise<void> {
    const { signal } = options;
    const repository = await this.#options.registries.repository(reference, 'pull', options.auth);
    for await (const tag of repository.tags(signal === undefined ? {} : { signal })) {
      await this.pull(withTag({ ...reference, digest: undefined }, tag), options);
    }
  }

  async #pull(pull: Pull): Promise<void> {
    const { keeper, recorder, records } = this.#options;
    const { reference, version, repository, progress, signal } = pull;
    await using scope = keeper.begin();
    const document = await repository.manifest(version, { signal });
    progress.begin(reference.path, version);
    await this.#verify(pull, document);
    const target = await this.#keep(document, scope);
    const manifest = await this.#manifestFor(pull, document, scope);
    await this.#fetchContent(pull, manifest, scope);
    const name = canonicalString(reference);
    const prepared = await recorder.prepare({ target, names: [name] }, scope, {
      signal,
      ...(pull.platform === undefined ? {} : { platforms: [pull.platform] }),
    });
    signal.throwIfAborted();
    // A digest is known by any name of its repository.
    const named =
      reference.digest === undefined
        ? [records.name(name)]
        : records.namesIn(canonicalName(reference)).map(({ record }) => record);
    const isNew = named.every((record) => record?.imageId !== target.digest);
    recorder.commit([prepared]);
    scope.complete();
    progress.end(target.digest, isNew, familiarString(reference));
  }

  async #verify(pull: Pull, document: RemoteDocument): Promise<void> {
    const { repository, reference, progress, isVerificationAskedFor: isAskedFor, signal } = pull;
    const image = { name: canonicalName(reference), target: descriptorOf(document), repository };
    const signer = await this.#options.verifier.verify(image, { isAskedFor, signal });
    if (signer !== undefined) progress.verified(document.digest, signer);
  }

  /** The manifest of the platform that is wanted. */
  async #manifestFor(pull: Pull, document: RemoteDocument, scope: KeepScope): Promise<ImageManifest> {
    const { repository, platform, reference, signal } = pull;
    const image = familiarString(reference);
    if (isManifestType(document.mediaType)) return imageManifest(document, image);
    if (!isIndexType(document.mediaType)) throw new NotAnImageError(image, document.mediaType);
    const { manifests } = parseIndex(document.bytes, document.mediaType);
    const chosen = choosePlatform(manifests, (child) => child.platform, {
      platform: platform ?? hostPlatform(),
      strict: platform !== undefined,
    });
    if (chosen === undefined) throw new NoMatchingManifestError(image, platform ?? hostPlatform());
    const child = await repository.manifest(chosen.digest, { signal });
    await this.#keep({ ...child, mediaType: chosen.mediaType }, scope);
    return imageManifest({ ...child, mediaType: chosen.mediaType }, image);
  }

  async #fetchContent(pull: Pull, manifest: ImageManifest, scope: KeepScope): Promise<void> {
    const { content, documents } = this.#options;
    const { repository, signal } = pull;
    const { config } = manifest;
    await content.ingest(repository.blob(config, { signal }), {
      digest: config.digest,
      sizeBytes: config.size,
      maxBytes: maxDocumentBytes,
      lease: scope.lease,
      signal,
    });
    const { rootfs } = await documents.config(config);
    await this.#layers.fetch({ ...pull, layers: manifest.layers, diffIds: rootfs.diff_ids, scope });
  }

  async #keep(document: RemoteDocument, { lease }: KeepScope): Promise<Descriptor> {
    await ingestBytes(this.#options.content, document.bytes, lease);
    return descriptorOf(document);
  }
}

function descriptorOf({ mediaType, digest, bytes }: RemoteDocument): Descriptor {
  return { mediaType, digest, size: bytes.length };
}

/** Throws `NotAnImageError` for the manifest of an artifact: a chart, a signature. */
function imageManifest({ bytes, mediaType }: RemoteDocument, image: string): ImageManifest {
  const manifest = parseManifest(bytes, mediaType);
  if (!isImageConfigType(manifest.config.mediaType)) {
    throw new NotAnImageError(image, manifest.artifactType ?? manifest.config.mediaType);
  }
  return manifest;
}
