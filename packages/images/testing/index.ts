export { filtersOf, ImageStoreFixture, inPieces } from './image-store-fixture.ts';
export { MemorySnapshotter } from './memory-snapshotter.ts';
export { openRealImageStore, type RealImageStore } from './real-image-store.ts';
