import { blobStoreConformance, MemoryBlobStore } from '../testing/index.ts';

blobStoreConformance('MemoryBlobStore', async () => {
  const store = new MemoryBlobStore();
  return { store, [Symbol.asyncDispose]: async () => store[Symbol.dispose]() };
});
