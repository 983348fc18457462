import type { Resources } from '@gantry/api-types';
import type { ImagePlatform, RegistryAuth } from './image-backend.ts';

/** What the build route needs. */
export interface BuildBackend {
  /**
   * Builds an image from a context, an archive of files, and returns its id. Its text comes by `onText`, in Docker's words. What is
   * wrong with the request is thrown before the first text.
   */
  build(context: AsyncIterable<Uint8Array>, options: BuildOptions): Promise<{ id: string }>;
}

export interface BuildOptions {
  /** Path in the context. */
  dockerfile: string;
  /** `repository[:tag]` names for the image. */
  tags: readonly string[];
  /** Stage's name or number; the last one when empty. */
  target: string;
  buildArguments: ReadonlyMap<string, string | undefined>;
  labels: ReadonlyMap<string, string>;
  platform?: ImagePlatform;
  noCache: boolean;
  pull: boolean;
  /** Of RUN; `default` when empty. */
  networkMode: string;
  /** `name:address`. */
  extraHosts: readonly string[];
  resources: Resources;
  /** 0 for the daemon's default. */
  sharedMemoryBytes: number;
  /** Images whose own cache may be gone on from. */
  cacheFrom: readonly string[];
  /** Of RUN; the daemon's own when empty. */
  cgroupParent: string;
  /** Of RUN, as Docker's `Ulimits`; not checked yet. */
  ulimits: NonNullable<Resources['Ulimits']>;
  /** By registry. */
  credentials: ReadonlyMap<string, RegistryAuth>;
  onText: (text: string) => void;
  signal: AbortSignal;
}
