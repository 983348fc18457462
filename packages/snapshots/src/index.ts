export {
  CorruptLayerError,
  InvalidSnapshotIdError,
  type LayerFault,
  LayerInUseError,
  LayerMismatchError,
  LayerNotFoundError,
  LayerTooLargeError,
  SnapshotBusyError,
  SnapshotExistsError,
  SnapshotNotFoundError,
  StorageFullError,
  UnpackableFileError,
  UnpackFailedError,
  UnsafeLayerError,
  UnsuitableDataRootError,
} from './errors.ts';
export { openSnapshotter, type SnapshotDriverName, type SnapshotterOptions } from './open-snapshotter.ts';
export type { DiskUsage, LayerInfo, PackedLayer, SnapshotOptions, Snapshotter } from './snapshotter.ts';
