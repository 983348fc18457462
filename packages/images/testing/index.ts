export { filtersOf, ImageStoreFixture, inPieces } from './image-store-fixture.ts';
export { MemorySnapshotter } from './memory-snapshotter.ts';
export { noRegistries } from './no-registries.ts';
export { openRealImageStore, type RealImageStore } from './real-image-store.ts';
