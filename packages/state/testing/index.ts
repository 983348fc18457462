export { MemoryMetadataStore } from './memory-metadata-store.ts';
export { metadataStoreConformance, type ReopenableStore } from './metadata-store-conformance.ts';
