import type {
  Filters,
  ImageDeleteResponseItem,
  ImageHistoryResponseItem,
  ImageInspect,
  ImageSummary,
  ProgressMessage,
} from '@gantry/api-types';
import type { RegistryCredentials } from '@gantry/distribution';
import type { Digest, ImageConfig, ImageRunConfig, Platform } from '@gantry/oci';
import type { KeepScope } from './keeping/content-keeper.ts';
import type { ParentImage } from './keeping/foundation.ts';

/**
 * Images by name and id. An image's id is the digest of its manifest, or of its index when it has several platforms.
 * Wherever a platform matters, the host's is taken unless one is asked for. A `ref` is what a user types: a name with
 * or without domain, tag or digest, an id, or a unique id prefix of at least one digit.
 */
export interface ImageStore {
  /** What a container needs. All layers are unpacked when it resolves. Throws `ImageNotFoundError` (`No such image: x:y`). */
  resolve(ref: string, options?: { platform?: Platform; signal?: AbortSignal }): Promise<ResolvedImage>;

  /**
   * Makes `mirror/…` on this host, and pulls any other name from its registry. An index is kept whole, its content for one
   * platform. An image appears whole; its name moves to it. Throws what a registry's client throws, `NoMatchingManifestError`,
   * `NotAnImageError`, `UnknownMirrorImageError`.
   */
  pull(ref: string, options: PullOptions): Promise<void>;

  /** Pulls every tag of a repository; the tag of `repository` is ignored. Throws as `pull`. */
  pullAll(repository: string, options: PullOptions): Promise<void>;

  /**
   * Sends the image of a tag (`latest` when it has none) to its registry: what is there already is not sent. Idempotent. Throws
   * `NoSuchTagError`, `IncompleteIndexError`, `PlatformNotFoundError`, and what a registry's client throws.
   */
  push(ref: string, options: PushOptions): Promise<void>;

  /** Sends every tag of a repository. Throws as `push`. */
  pushAll(repository: string, options: PushOptions): Promise<void>;

  /**
   * Docker archives and OCI layouts; plain, gzip or zstd; several images. An image appears whole. Of `platforms` each must be there,
   * and nothing of others comes in. Returns the ids.
   */
  load(archive: AsyncIterable<Uint8Array>, options: LoadImageOptions): Promise<readonly Digest[]>;

  /**
   * A tar that is both an OCI layout and a docker archive. With one platform its manifest is the image that is saved; with several
   * the index is, and content of these alone. Throws before the first byte if a ref is unknown, or has not each platform.
   */
  save(
    refs: readonly string[],
    options?: { platforms?: readonly Platform[]; signal?: AbortSignal },
  ): Promise<AsyncIterable<Uint8Array>>;

  /** Makes an image of one layer from a root file system tar (plain, gzip, zstd, xz, bzip2). Returns its id. */
  import(archive: AsyncIterable<Uint8Array>, options: ImportOptions): Promise<Digest>;

  /**
   * Makes an image of a container's image and one more layer, an uncompressed tar that is read once. A layer without entries
   * adds none. Returns its id. Throws `InvalidReferenceError` before a byte is read, `StorageFullError`.
   */
  commit(layer: AsyncIterable<Uint8Array>, options: CommitImageOptions): Promise<Digest>;

  /** Keeps blobs and layers that no image refers to yet, until it is disposed. */
  keep(): KeepScope;

  /** `sharedSize` and `manifests` look at every layer and manifest. */
  list(options: {
    all: boolean;
    filters: Filters;
    sharedSize?: boolean;
    manifests?: boolean;
  }): Promise<ImageSummary[]>;

  /** `manifests`: with the list of what the image has for each platform. Throws `ImageNotFoundError`, `PlatformNotFoundError`. */
  inspect(ref: string, options?: { platform?: Platform; manifests?: boolean }): Promise<ImageInspect>;

  /** Newest step first. Throws like `inspect`. */
  history(ref: string, options?: { platform?: Platform }): Promise<ImageHistoryResponseItem[]>;

  /** An empty `tag` is `latest`. Throws `InvalidReferenceError`, `ImageNotFoundError`. Moves the tag if it was on another image. */
  tag(ref: string, repository: string, tag: string): Promise<void>;

  /** Docker's rules: untag while other names remain; refuse (409) an id with several names or used by a container unless forced as Docker would. */
  remove(ref: string, options: { force: boolean; prune: boolean }): Promise<ImageDeleteResponseItem[]>;

  /**
   * Removes what an image has for some platforms; its names and its index stay. Throws `ImageNotFoundError`, `PlatformNotFoundError`,
   * `ImageInUseError` (which `force` helps against, unless a container runs), and when nothing of the image would be left.
   */
  removePlatforms(
    ref: string,
    platforms: readonly Platform[],
    options: { force: boolean },
  ): Promise<ImageDeleteResponseItem[]>;
}

export interface ResolvedImage {
  id: Digest;
  /** Manifest of the chosen platform. */
  manifestDigest: Digest;
  config: ImageConfig;
  /** Diff ids, base first. */
  layers: readonly Digest[];
  platform: Platform;
}

export interface TransferOptions {
  platform?: Platform;
  /** Docker's progress lines. */
  onProgress: (message: ProgressMessage) => void;
  signal?: AbortSignal;
}

export interface LoadImageOptions extends Omit<TransferOptions, 'platform'> {
  platforms?: readonly Platform[];
  quiet?: boolean;
}

export interface PullOptions extends TransferOptions {
  auth?: RegistryCredentials;
  /** Nothing comes without a signature that the engine's policy takes. */
  verify?: boolean;
}

/** `platform`: only its manifest is sent, as an image of its own. */
export interface PushOptions extends TransferOptions {
  auth?: RegistryCredentials;
}

export interface ImportOptions extends TransferOptions {
  /** `repository[:tag]`; untagged when missing. */
  reference?: string;
  /** Dockerfile instructions (`CMD …`, `ENV …`). */
  changes: readonly string[];
  message: string;
}

export interface CommitImageOptions {
  /** The image below. */
  parent: ParentImage;
  platform: Platform;
  config: ImageRunConfig;
  /** The command that made the changes, for the history. */
  createdBy: string;
  author: string;
  comment: string;
  /** `repository[:tag]`; untagged when missing. */
  reference?: string;
  signal?: AbortSignal;
}

export interface ImageUser {
  id: string;
  name: string;
  running: boolean;
  /** Which of the image's manifests; it may be any when missing. */
  manifestDigest?: Digest;
}

/** Who uses an image; the container service answers it. */
export interface ImageUsage {
  containersUsing(imageId: Digest): readonly ImageUser[];
}
