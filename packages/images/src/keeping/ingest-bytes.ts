import { createHash } from 'node:crypto';
import type { BlobInfo, BlobLease, BlobStore } from '@gantry/content';
import type { Digest } from '@gantry/oci';

/** Stores a small blob under a lease; one that is there is not written again. Throws what `BlobStore.ingest` throws. */
export function ingestBytes(content: BlobStore, bytes: Uint8Array, lease: BlobLease): Promise<BlobInfo> {
  const digest: Digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
  return content.ingest(single(bytes), { digest, sizeBytes: bytes.length, lease });
}

async function* single(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
