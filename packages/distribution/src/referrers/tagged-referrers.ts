import { createHash } from 'node:crypto';
import {
  type Descriptor,
  type Digest,
  digestHex,
  isIndexType,
  mediaTypes,
  parseDigest,
  parseIndex,
} from '@gantry/oci';
import { ManifestUnknownError } from '../errors.ts';
import type { RemoteDocument, RemoteRepository } from '../remote-repository.ts';

type Manifests = Pick<RemoteRepository, 'manifest' | 'putManifest'>;

/** Those of one type; all when it is missing. A registry need not have filtered them. */
export function referrersOfType(
  referrers: readonly Descriptor[],
  artifactType: string | undefined,
): Descriptor[] {
  return referrers.filter((one) => artifactType === undefined || one.artifactType === artifactType);
}

/**
 * What the tag `sha256-<hex>` lists (distribution spec 1.1, "Referrers Tag Schema"), which clients keep for registries without the referrers
 * API. Empty when it is not there, or is no index.
 */
export async function taggedReferrers(
  repository: Manifests,
  digest: Digest,
  signal?: AbortSignal,
): Promise<Descriptor[]> {
  try {
    const options = signal === undefined ? {} : { signal };
    const { mediaType, bytes } = await repository.manifest(tagOf(digest), options);
    return isIndexType(mediaType) ? parseIndex(bytes, mediaType).manifests : [];
  } catch (error) {
    if (error instanceof ManifestUnknownError) return [];
    throw error;
  }
}

/**
 * Adds a manifest to the tag of its `subject`; nothing of one that has none. Two clients at once may lose one of their entries: the spec
 * has no way around that. Idempotent.
 */
export async function announceReferrer(
  repository: Manifests,
  document: RemoteDocument,
  signal?: AbortSignal,
): Promise<void> {
  const fields = JSON.parse(Buffer.from(document.bytes).toString()) as {
    subject?: { digest?: string };
    artifactType?: string;
    config?: { mediaType?: string };
    annotations?: Record<string, string>;
  };
  if (fields.subject?.digest === undefined) return;
  const subject = parseDigest(fields.subject.digest);
  const known = await taggedReferrers(repository, subject, signal);
  if (known.some(({ digest }) => digest === document.digest)) return;
  const artifactType = fields.artifactType ?? fields.config?.mediaType;
  const descriptor: Descriptor = {
    mediaType: document.mediaType,
    digest: document.digest,
    size: document.bytes.length,
    ...(artifactType === undefined ? {} : { artifactType }),
    ...(fields.annotations === undefined ? {} : { annotations: fields.annotations }),
  };
  const index = { schemaVersion: 2, mediaType: mediaTypes.index, manifests: [...known, descriptor] };
  const bytes = Buffer.from(JSON.stringify(index));
  const digest: Digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
  const options = signal === undefined ? {} : { signal };
  await repository.putManifest(tagOf(subject), { mediaType: mediaTypes.index, digest, bytes }, options);
}

function tagOf(digest: Digest): string {
  return `sha256-${digestHex(digest)}`;
}
