import type { MetadataStore } from '@gantry/state';
import type { Blobs } from './blobs.ts';
import type { Manifests } from './manifests.ts';
import type { Referrers } from './referrers.ts';
import type { Repositories } from './repositories.ts';
import type { Tags } from './tags.ts';
import type { Uploads } from './uploads.ts';

/**
 * What a registry holds. Reading is synchronous but for bytes; a change that was acknowledged (its promise resolved)
 * survives `kill -9` and a power cut, and one that was not is whole or not there at all.
 *
 * Names, tags and digests are checked by every method: `InvalidRepositoryNameError`, `InvalidTagError`, `InvalidDigestError`.
 */
export interface RegistryStorage extends AsyncDisposable {
  readonly repositories: Repositories;
  readonly blobs: Blobs;
  readonly manifests: Manifests;
  readonly tags: Tags;
  readonly referrers: Referrers;
  readonly uploads: Uploads;
  /** For collections of those who must change something in one transaction with the content. */
  readonly metadata: MetadataStore;
}

/** A part of an ordered list. */
export interface Page {
  /** What the page comes after, whether it is there or not. */
  after?: string | undefined;
  /** At most so many. */
  limit: number;
}

/**
 * How a change is made. `inTransaction` is called inside the transaction that makes it, before anything is written: what it
 * throws undoes the change and is thrown on; what it writes to `metadata` is kept with the change or not at all.
 */
export interface ChangeOptions<T> {
  inTransaction?: (change: T) => void;
}

/** Bytes that began or ceased to be part of a repository. */
export interface ContentChange {
  kind: 'blob' | 'manifest';
  change: 'added' | 'removed';
  repository: string;
  digest: string;
  sizeBytes: number;
}

/** Told of every such change, by whomever, inside its transaction. */
export type ContentListener = (change: ContentChange) => void;
