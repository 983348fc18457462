import type {
  Filters,
  ImageDeleteResponseItem,
  ImageHistoryResponseItem,
  ImageInspect,
  ImageSummary,
  ProgressMessage,
} from '@gantry/api-types';

/** What the image routes need. */
export interface ImageBackend {
  /** `allTags`: the client named neither tag nor digest, which is Docker's "pull them all" (its CLI's `-a`). `verify`: only with a signature that the policy takes. */
  pull(
    ref: string,
    options: ImageTransferOptions & { allTags?: boolean; auth?: RegistryAuth; verify?: boolean },
  ): Promise<void>;
  /** `allTags`: every tag that the repository has here. */
  push(
    ref: string,
    options: ImageTransferOptions & { allTags?: boolean; auth?: RegistryAuth },
  ): Promise<void>;
  load(archive: AsyncIterable<Uint8Array>, options: ImageLoadOptions): Promise<void>;
  save(
    refs: readonly string[],
    options: { platforms?: readonly ImagePlatform[]; signal?: AbortSignal },
  ): Promise<AsyncIterable<Uint8Array>>;
  /** Returns the new image's id. */
  import(
    archive: AsyncIterable<Uint8Array>,
    options: ImageTransferOptions & { reference?: string; changes: readonly string[]; message: string },
  ): Promise<string>;
  /** `sharedSize`: with how much other images use too. `manifests`: with what there is for each platform. */
  list(options: {
    all: boolean;
    filters: Filters;
    sharedSize?: boolean;
    manifests?: boolean;
  }): Promise<ImageSummary[]>;
  inspect(ref: string, options?: { platform?: ImagePlatform; manifests?: boolean }): Promise<ImageInspect>;
  history(ref: string, options?: { platform?: ImagePlatform }): Promise<ImageHistoryResponseItem[]>;
  tag(ref: string, repository: string, tag: string): Promise<void>;
  /** `platforms`: only what the image has for these goes. */
  remove(
    ref: string,
    options: { force: boolean; prune: boolean; platforms?: readonly ImagePlatform[] },
  ): Promise<ImageDeleteResponseItem[]>;
}

export interface ImagePlatform {
  os: string;
  architecture: string;
  variant?: string;
}

/** What a client sends along for the registry (`X-Registry-Auth`). Never logged. */
export interface RegistryAuth {
  username?: string | undefined;
  password?: string | undefined;
  serveraddress?: string | undefined;
  identitytoken?: string | undefined;
  registrytoken?: string | undefined;
}

export interface ImageLoadOptions extends Omit<ImageTransferOptions, 'platform'> {
  /** Nothing of other platforms comes in. */
  platforms?: readonly ImagePlatform[];
  quiet?: boolean;
}

export interface ImageTransferOptions {
  platform?: ImagePlatform;
  onProgress: (message: ProgressMessage) => void;
  signal?: AbortSignal;
}
