export { MemoryVolumeStore } from './memory-volume-store.ts';
export { volumeStoreConformance } from './volume-store-conformance.ts';
