import type { Descriptor, Digest } from '@gantry/oci';
import { ManifestReferenceSizeError, ManifestReferenceUnknownError } from '../errors.ts';
import type { InspectedManifest } from '../inspect-manifest.ts';
import type { ManifestChange, ManifestInfo, ManifestReference, ManifestRemoval } from '../manifests.ts';
import type { ChangeOptions } from '../registry-storage.ts';
import { type StorageContext, timeNow, touchRepository } from './storage-context.ts';

export interface ManifestToWrite {
  repository: string;
  digest: Digest;
  sizeBytes: number;
  inspected: InspectedManifest;
  tag: string | undefined;
  isSparse: boolean;
}

/** Within a transaction: everything that is known of a manifest, and its tag. Its bytes are stored, and held by a lease. */
export function writeManifest(
  context: StorageContext,
  wanted: ManifestToWrite,
  options: ChangeOptions<ManifestChange>,
): ManifestInfo {
  const { repository, digest, sizeBytes, inspected, tag } = wanted;
  const { annotations: _, ...facts } = inspected;
  if (!wanted.isSparse) checkReferences(context, repository, inspected.references);
  const previousDigest =
    tag === undefined ? undefined : context.tables.tags.get(`${repository}:${tag}`)?.digest;
  options.inTransaction?.({
    repository,
    manifest: { digest, sizeBytes, ...facts },
    ...(tag === undefined ? {} : { tag }),
    ...(previousDigest === undefined ? {} : { previousDigest }),
  });
  const pushedAt = timeNow(context);
  const known = context.tables.manifests.get(`${repository}@${digest}`);
  const document = { ...known, sizeBytes, ...facts, pushedAt };
  context.tables.manifests.put(`${repository}@${digest}`, document);
  if (known === undefined) {
    addUses(context, repository, { digest, ...document });
    addReferrer(context, wanted);
    context.onContent({ kind: 'manifest', change: 'added', repository, digest, sizeBytes });
  }
  if (tag !== undefined) writeTag(context, { repository, tag, digest, previousDigest, pushedAt });
  touchRepository(context, repository, true);
  return { digest, ...document };
}

/** Within a transaction: nothing is known of the manifest any more; the collection takes its bytes. */
export function removeManifest(
  { tables, onContent }: StorageContext,
  { repository, manifest, tags }: ManifestRemoval,
): void {
  const { digest, subject, references, sizeBytes } = manifest;
  for (const tag of tags) {
    tables.tags.delete(`${repository}:${tag}`);
    tables.tagsOf.delete(`${repository}@${digest}:${tag}`);
  }
  for (const reference of references) tables.uses.delete(`${repository}@${reference.digest}@${digest}`);
  if (subject !== undefined) tables.referrers.delete(`${repository}@${subject}@${digest}`);
  tables.manifests.delete(`${repository}@${digest}`);
  onContent({ kind: 'manifest', change: 'removed', repository, digest, sizeBytes });
}

function checkReferences(
  { tables }: StorageContext,
  repository: string,
  references: readonly ManifestReference[],
): void {
  const missing: string[] = [];
  for (const { role, digest, sizeBytes, isForeign } of references) {
    const key = `${repository}@${digest}`;
    const stored = role === 'manifest' ? tables.manifests.get(key) : tables.links.get(key);
    if (stored === undefined && isForeign !== true) missing.push(digest);
    if (stored !== undefined && stored.sizeBytes !== sizeBytes) {
      throw new ManifestReferenceSizeError(digest, sizeBytes, stored.sizeBytes);
    }
  }
  if (missing.length > 0) throw new ManifestReferenceUnknownError(repository, missing);
}

function addUses({ tables }: StorageContext, repository: string, { digest, references }: ManifestInfo): void {
  for (const reference of references) tables.uses.put(`${repository}@${reference.digest}@${digest}`, {});
}

function addReferrer({ tables }: StorageContext, wanted: ManifestToWrite): void {
  const { repository, digest, sizeBytes, inspected } = wanted;
  const { mediaType, artifactType, subject, annotations } = inspected;
  if (subject === undefined) return;
  const descriptor: Descriptor = {
    mediaType,
    digest,
    size: sizeBytes,
    ...(artifactType === undefined ? {} : { artifactType }),
    ...(annotations === undefined ? {} : { annotations: { ...annotations } }),
  };
  tables.referrers.put(`${repository}@${subject}@${digest}`, descriptor);
}

interface TagToWrite {
  repository: string;
  tag: string;
  digest: Digest;
  previousDigest: Digest | undefined;
  pushedAt: string;
}

function writeTag({ tables }: StorageContext, wanted: TagToWrite): void {
  const { repository, tag, digest, previousDigest, pushedAt } = wanted;
  const key = `${repository}:${tag}`;
  if (previousDigest !== undefined && previousDigest !== digest) {
    tables.tagsOf.delete(`${repository}@${previousDigest}:${tag}`);
  }
  const known = previousDigest === digest ? tables.tags.get(key) : undefined;
  tables.tags.put(key, { ...known, digest, pushedAt });
  tables.tagsOf.put(`${repository}@${digest}:${tag}`, {});
}
