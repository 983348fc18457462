import { EngineError, errorKind, errorMessage } from '@gantry/base';
import { isErrno } from '@gantry/kernel';
import { CorruptTarError } from '@gantry/oci';
import {
  CorruptLayerError,
  type LayerFault,
  LayerMismatchError,
  LayerTooLargeError,
  StorageFullError,
  UnpackFailedError,
  UnsafeLayerError,
} from '../errors.ts';
import { DecompressError } from './decompress.ts';
import type { LayerErrorName, UnpackFailure } from './unpack-job.ts';

const classes: Readonly<Record<LayerErrorName, new (fault: LayerFault) => EngineError>> = {
  UnsafeLayerError,
  CorruptLayerError,
  LayerTooLargeError,
  LayerMismatchError,
  StorageFullError,
};

/** What went wrong with a layer, from whatever was thrown while `entry` (if any) was written. */
export function toFailure(error: unknown, digest: string, entry: string | undefined): UnpackFailure {
  if (error instanceof Error && error.name === 'AbortError') return { name: 'AbortError' };
  if (error instanceof EngineError && error.name in classes) {
    return { name: error.name as LayerErrorName, fault: error.details as unknown as LayerFault };
  }
  const reason = errorMessage(error);
  const blob: LayerFault = { digest, reason };
  if (error instanceof DecompressError || error instanceof CorruptTarError) {
    return { name: 'CorruptLayerError', fault: blob };
  }
  const fault: LayerFault = entry === undefined ? blob : { ...blob, entry };
  return ofErrno(error, fault) ?? { name: 'UnpackFailedError', kind: errorKind(error), fault };
}

function ofErrno(error: unknown, fault: LayerFault): UnpackFailure | undefined {
  if (isErrno(error, 'ENOSPC', 'EDQUOT')) return { name: 'StorageFullError', fault };
  if (isErrno(error, 'EXDEV', 'ELOOP')) {
    const reason = 'its path goes through a symbolic link that leads out of the layer';
    return { name: 'UnsafeLayerError', fault: { ...fault, reason } };
  }
  if (isErrno(error, 'ENOTDIR', 'EEXIST')) {
    return { name: 'CorruptLayerError', fault: { ...fault, reason: 'its parent is not a directory' } };
  }
  if (isErrno(error, 'ENAMETOOLONG')) {
    return { name: 'CorruptLayerError', fault: { ...fault, reason: 'the name is too long' } };
  }
  // A name, device number, attribute or size that the file system cannot hold.
  if (isErrno(error, 'EINVAL', 'ERANGE', 'E2BIG', 'EFBIG', 'EMLINK')) {
    return { name: 'CorruptLayerError', fault };
  }
  return undefined;
}

/** The error that a failure stands for. */
export function fromFailure(failure: UnpackFailure): Error {
  switch (failure.name) {
    case 'AbortError':
      return new DOMException('This operation was aborted', 'AbortError');
    case 'UnpackFailedError':
      return new UnpackFailedError(failure.kind, failure.fault);
    default:
      return new classes[failure.name](failure.fault);
  }
}
