import type { BlobInfo, BlobLease, BlobStore } from '@gantry/content';

/** Stores a small blob under a lease. Throws what `BlobStore.ingest` throws. */
export function ingestBytes(content: BlobStore, bytes: Uint8Array, lease: BlobLease): Promise<BlobInfo> {
  return content.ingest(single(bytes), { sizeBytes: bytes.length, lease });
}

async function* single(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
