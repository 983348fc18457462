export { blobStoreConformance } from './blob-store-conformance.ts';
export { MemoryBlobStore } from './memory-blob-store.ts';
