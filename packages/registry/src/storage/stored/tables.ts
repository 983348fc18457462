import type { Descriptor, Digest } from '@gantry/oci';
import type { Collection, MetadataStore } from '@gantry/state';
import type { ManifestInfo } from '../manifests.ts';
import type { Page } from '../registry-storage.ts';
import type { RepositoryInfo } from '../repositories.ts';

/**
 * The collections of a registry. A key begins with the repository, so that a page of one repository's documents is one range
 * of keys. Names have neither `@` nor `:` (`checkRepository`).
 */
export interface Tables {
  /** By name. */
  repositories: Collection<Omit<RepositoryInfo, 'name'>>;
  /** `repository@digest`: the blobs of a repository. */
  links: Collection<{ sizeBytes: number; linkedAt: string }>;
  /** `repository@digest`. */
  manifests: Collection<Omit<ManifestInfo, 'digest'>>;
  /** `repository:tag`. */
  tags: Collection<{ digest: Digest; pushedAt: string; pulledAt?: string }>;
  /** `repository@digest:tag`: the tags of a manifest. */
  tagsOf: Collection<Record<string, never>>;
  /** `repository@digest@manifest`: the manifests that are made of a blob or manifest. */
  uses: Collection<Record<string, never>>;
  /** `repository@subject@manifest`: manifests about another one. */
  referrers: Collection<Descriptor>;
  /** By id; of what a client may as well begin again. */
  uploads: Collection<{ repository: string; startedAt: string }>;
}

const version = 1;

export function openTables(store: MetadataStore): Tables {
  return {
    repositories: store.collection('registry-repositories', { version }),
    links: store.collection('registry-links', { version }),
    manifests: store.collection('registry-manifests', { version }),
    tags: store.collection('registry-tags', { version }),
    tagsOf: store.collection('registry-tags-of', { version }),
    uses: store.collection('registry-uses', { version }),
    referrers: store.collection('registry-referrers', { version }),
    uploads: store.collection('registry-uploads', { version, lasts: 'boot' }),
  };
}

/** Documents whose keys go on after `prefix`, with what comes there. */
export function pageAfter<T>(
  collection: Collection<T>,
  prefix: string,
  { after, limit }: Page,
): { name: string; document: T }[] {
  return collection
    .page({ prefix, limit, ...(after === undefined ? {} : { after: prefix + after }) })
    .map(({ key, document }) => ({ name: key.slice(prefix.length), document }));
}

/** All of them; for what is bounded by other means. */
export function allAfter<T>(collection: Collection<T>, prefix: string): { name: string; document: T }[] {
  return pageAfter(collection, prefix, { limit: Number.MAX_SAFE_INTEGER });
}

/** True when any key begins so. */
export function hasPrefix(collection: Collection<unknown>, prefix: string): boolean {
  return collection.page({ prefix, limit: 1 }).length > 0;
}
