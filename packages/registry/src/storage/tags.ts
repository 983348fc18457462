import type { Digest } from '@gantry/oci';
import type { ChangeOptions, Page } from './registry-storage.ts';

/** Names of manifests within a repository; they are written with a manifest (`Manifests.put`). */
export interface Tags {
  get(repository: string, tag: string): TagInfo | undefined;
  /** In order of the tags as bytes, which the distribution spec calls lexical. */
  list(repository: string, page: Page): TagInfo[];
  /** The manifest stays. False when there was none. */
  remove(repository: string, tag: string, options?: ChangeOptions<TagRemoval>): Promise<boolean>;
}

export interface TagInfo {
  tag: string;
  digest: Digest;
  /** When it was last written, be it with the same manifest. */
  pushedAt: string;
  /** When a manifest was last read by it; up to a minute old after a crash. */
  pulledAt?: string;
}

export interface TagRemoval {
  repository: string;
  tag: string;
  digest: Digest;
}
