import { MemoryVolumeStore } from '../testing/memory-volume-store.ts';
import { volumeStoreConformance } from '../testing/volume-store-conformance.ts';

volumeStoreConformance('MemoryVolumeStore', () =>
  Promise.resolve({ store: new MemoryVolumeStore(), [Symbol.asyncDispose]: () => Promise.resolve() }),
);
