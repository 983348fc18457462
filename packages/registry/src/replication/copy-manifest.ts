import { createReadStream } from 'node:fs';
import { errorKind, faultPoint } from '@gantry/base';
import type { RemoteRepository } from '@gantry/distribution';
import { parseDigest } from '@gantry/oci';
import type { ManifestReference } from '../storage/manifests.ts';
import type { RegistryStorage } from '../storage/registry-storage.ts';

export interface ManifestCopy {
  repository: string;
  digest: string;
  /** Missing: under its digest. */
  tag?: string | undefined;
}

const chunkBytes = 1 << 20;
const blobsAtOnce = 3;

/**
 * Sends a manifest with all that it is made of to another registry, parts first; what is there already is not sent. Parts that an
 * index names and that are not here are left out: the other registry says whether it minds. False when the manifest itself is
 * gone.
 */
export async function copyManifest(
  storage: RegistryStorage,
  remote: RemoteRepository,
  { repository, digest, tag }: ManifestCopy,
  signal: AbortSignal,
): Promise<boolean> {
  const info = storage.manifests.get(repository, digest);
  const bytes = await storage.manifests.read(repository, digest);
  if (info === undefined || bytes === undefined) return false;
  if (await isThere(remote, tag ?? digest, { digest, signal })) return true;
  for (const { role, digest: part } of info.references) {
    if (role === 'manifest') await copyManifest(storage, remote, { repository, digest: part }, signal);
  }
  const blobs = info.references.filter(({ role, isForeign }) => role !== 'manifest' && isForeign !== true);
  const waiting = [...new Map(blobs.map((blob) => [blob.digest, blob])).values()];
  const workers = Array.from({ length: blobsAtOnce }, async () => {
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      await copyBlob(storage, remote, { repository, blob: next }, signal);
    }
  });
  await Promise.all(workers);
  await remote.putManifest(
    tag ?? digest,
    { mediaType: info.mediaType, digest: info.digest, bytes },
    { signal },
  );
  faultPoint('replicate/manifest-sent');
  return true;
}

/** Also what ends the circle of two registries that send to each other. What the other one refuses to tell is sent. */
async function isThere(
  remote: RemoteRepository,
  reference: string,
  { digest, signal }: { digest: string; signal: AbortSignal },
): Promise<boolean> {
  try {
    return (await remote.manifest(reference, { signal })).digest === digest;
  } catch (error) {
    signal.throwIfAborted();
    if (errorKind(error) === 'unavailable') throw error;
    return false;
  }
}

async function copyBlob(
  storage: RegistryStorage,
  remote: RemoteRepository,
  { repository, blob }: { repository: string; blob: ManifestReference },
  signal: AbortSignal,
): Promise<void> {
  const digest = parseDigest(blob.digest);
  if (storage.blobs.get(repository, digest) === undefined) return;
  if (await remote.hasBlob(digest, { signal })) return;
  const open = (): AsyncIterable<Uint8Array> =>
    createReadStream(storage.blobs.path(digest), { highWaterMark: chunkBytes }) as AsyncIterable<Uint8Array>;
  await remote.putBlob({ digest, size: blob.sizeBytes }, open, { signal });
  faultPoint('replicate/blob-sent');
}
