import { MemoryMetadataStore, metadataStoreConformance } from '../testing/index.ts';

metadataStoreConformance('MemoryMetadataStore', async () => {
  let current: MemoryMetadataStore | undefined;
  return {
    reopen: () => {
      current?.[Symbol.dispose]();
      current = new MemoryMetadataStore(current);
      return current;
    },
    [Symbol.asyncDispose]: async () => current?.[Symbol.dispose](),
  };
});
