import type { ErrorKind } from '@gantry/base';
import type { Digest } from '@gantry/oci';
import type { LayerFault } from '../errors.ts';
import type { PackedLayer } from '../snapshotter.ts';
import type { WrittenLayer } from './layer-writer.ts';

/** What a worker is told: jobs, which it does side by side as far as they wait for their blobs, and how much of these is there. */
export type UnpackOrder =
  | { type: 'unpack'; id: number; job: UnpackJob }
  | ({ type: 'arrived'; id: number } & ArrivedBytes);

/** How much of a blob is there, of how much. */
export interface ArrivedBytes {
  arrivedBytes: number;
  /** Infinite as long as nobody knows. */
  sizeBytes: number;
}

export interface UnpackJob {
  /** Undefined: whatever it is, `WrittenLayer` says it. */
  diffId: Digest | undefined;
  blobPath: string;
  /** The blob is still being written to its file. */
  arriving?: ArrivedBytes;
  compression: PackedLayer['compression'];
  /** An existing, empty directory. */
  directory: string;
  maxBytes: number;
  maxEntries: number;
  /** One 32-bit word: not 0 asks the job to end. */
  cancel: SharedArrayBuffer;
}

/** What errors call the layer. */
export function jobName({ diffId }: Pick<UnpackJob, 'diffId'>): string {
  return diffId ?? 'of a stream';
}

/** What a worker says of a job. `progress` any number of times, then one of the others. */
export type UnpackMessage = { id: number } & (
  | { type: 'progress'; consumedBytes: number }
  | { type: 'done'; written: WrittenLayer }
  | { type: 'failed'; failure: UnpackFailure }
);

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
