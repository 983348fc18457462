export {
  CorruptLayerError,
  InvalidSnapshotIdError,
  type LayerFault,
  LayerInUseError,
  LayerMismatchError,
  LayerNotFoundError,
  LayerTooLargeError,
  SizeLimitUnsupportedError,
  SnapshotBusyError,
  SnapshotExistsError,
  SnapshotNotFoundError,
  StorageFullError,
  UnpackableFileError,
  UnpackFailedError,
  UnsafeLayerError,
  UnsuitableDataRootError,
} from './errors.ts';
export { storedLayers } from './layers/stored-layers.ts';
export { openSnapshotter, type SnapshotDriverName, type SnapshotterOptions } from './open-snapshotter.ts';
export type { PackStep } from './pack/pack-content.ts';
export { directoryHeader, type Packing, packFile } from './pack/pack-entry.ts';
export { type FileAdjustment, type PackTreeOptions, packTree } from './pack/pack-tree.ts';
export type { PackedContent } from './pack/packed-content.ts';
export type { PackedFile } from './pack/packed-file.ts';
export { packedXattrs } from './pack/packed-xattrs.ts';
export { runSteps } from './pack/run-steps.ts';
export type {
  ChangesOptions,
  DiskUsage,
  LayerInfo,
  LayerReception,
  ListedLayer,
  PackedLayer,
  ReceivedLayer,
  SnapshotChange,
  SnapshotOptions,
  Snapshotter,
} from './snapshotter.ts';
export { applyXattrs, type SkippedXattrs } from './unpack/apply-xattrs.ts';
export { ArrivingBlob } from './unpack/arriving-blob.ts';
