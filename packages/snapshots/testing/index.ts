export { type LayerFile, type LayerFileOptions, layerFile } from './layer-file.ts';
export { type OpenSnapshotter, snapshotterConformance } from './snapshotter-conformance.ts';
