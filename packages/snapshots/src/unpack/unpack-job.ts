import type { ErrorKind } from '@gantry/base';
import type { Digest } from '@gantry/oci';
import type { LayerFault } from '../errors.ts';
import type { PackedLayer } from '../snapshotter.ts';
import type { WrittenLayer } from './layer-writer.ts';

/** What a worker is told. */
export interface UnpackJob {
  diffId: Digest;
  blobPath: string;
  compression: PackedLayer['compression'];
  /** An existing, empty directory. */
  directory: string;
  maxBytes: number;
  maxEntries: number;
  /** One 32-bit word: not 0 asks the job to end. */
  cancel: SharedArrayBuffer;
}

/** What a worker says. `progress` any number of times, then one of the others. */
export type UnpackMessage =
  | { type: 'progress'; consumedBytes: number }
  | { type: 'done'; written: WrittenLayer }
  | { type: 'failed'; failure: UnpackFailure };

/** An error as data: classes do not cross threads. */
export type UnpackFailure =
  | { name: LayerErrorName; fault: LayerFault }
  | { name: 'UnpackFailedError'; fault: LayerFault; kind: ErrorKind }
  | { name: 'AbortError' };

export type LayerErrorName =
  | 'UnsafeLayerError'
  | 'CorruptLayerError'
  | 'LayerTooLargeError'
  | 'LayerMismatchError'
  | 'StorageFullError';
