import { EngineError, type ErrorDetails, type ErrorKind } from '@gantry/base';

/** What an error about a layer says; plain data, so that it crosses from an unpacking worker. */
export interface LayerFault {
  /** The layer's diff id. */
  digest: string;
  reason: string;
  /** The entry at fault, as text. */
  entry?: string;
}

/** An entry would reach outside the layer: nothing of the layer is kept. */
export class UnsafeLayerError extends EngineError {
  override readonly name = 'UnsafeLayerError';
  constructor(fault: LayerFault) {
    super('invalid', 'unsafe-layer', `layer ${fault.digest}: ${entryText(fault)}${fault.reason}`, {
      details: detailsOf(fault),
    });
  }
}

/** The blob is truncated or malformed, or describes what no file system holds. */
export class CorruptLayerError extends EngineError {
  override readonly name = 'CorruptLayerError';
  constructor(fault: LayerFault) {
    super('corrupt', 'corrupt-layer', `layer ${fault.digest}: ${entryText(fault)}${fault.reason}`, {
      details: detailsOf(fault),
    });
  }
}

/** The layer unpacks to more bytes or entries than allowed. */
export class LayerTooLargeError extends EngineError {
  override readonly name = 'LayerTooLargeError';
  constructor(fault: LayerFault) {
    super('invalid', 'layer-too-large', `layer ${fault.digest}: ${fault.reason}`, {
      details: detailsOf(fault),
    });
  }
}

/** The uncompressed bytes have another digest than the layer's. */
export class LayerMismatchError extends EngineError {
  override readonly name = 'LayerMismatchError';
  constructor(fault: LayerFault) {
    super('corrupt', 'layer-mismatch', `layer ${fault.digest}: ${fault.reason}`, {
      details: detailsOf(fault),
    });
  }
}

/** The data root's file system is full, or would be. */
export class StorageFullError extends EngineError {
  override readonly name = 'StorageFullError';
  constructor(fault: LayerFault) {
    super('exhausted', 'storage-full', `layer ${fault.digest}: no space left on device: ${fault.reason}`, {
      details: detailsOf(fault),
    });
  }
}

export class LayerNotFoundError extends EngineError {
  override readonly name = 'LayerNotFoundError';
  constructor(digest: string) {
    super('not-found', 'layer-not-found', `layer ${digest} is not unpacked`, { details: { digest } });
  }
}

export class LayerInUseError extends EngineError {
  override readonly name = 'LayerInUseError';
  constructor(digest: string, ids: readonly string[]) {
    super('conflict', 'layer-in-use', `layer ${digest} is in use by ${ids.join(', ')}`, {
      details: { digest, ids },
    });
  }
}

export class InvalidSnapshotIdError extends EngineError {
  override readonly name = 'InvalidSnapshotIdError';
  constructor(id: string) {
    super('invalid', 'invalid-snapshot-id', `invalid snapshot id: ${JSON.stringify(id.slice(0, 200))}`);
  }
}

export class SnapshotExistsError extends EngineError {
  override readonly name = 'SnapshotExistsError';
  constructor(id: string) {
    super('conflict', 'snapshot-exists', `snapshot ${id} exists`, { details: { id } });
  }
}

export class SnapshotNotFoundError extends EngineError {
  override readonly name = 'SnapshotNotFoundError';
  constructor(id: string) {
    super('not-found', 'snapshot-not-found', `no snapshot ${id}`, { details: { id } });
  }
}

/** The snapshot's mount could not be taken out of the tree, not even lazily. */
export class SnapshotBusyError extends EngineError {
  override readonly name = 'SnapshotBusyError';
  constructor(id: string, cause: unknown) {
    super('conflict', 'snapshot-busy', `snapshot ${id} cannot be unmounted`, { details: { id }, cause });
  }
}

/** The data root cannot hold overlay snapshots. The message says what to do about it. */
export class UnsuitableDataRootError extends EngineError {
  override readonly name = 'UnsuitableDataRootError';
  constructor(root: string, reason: string, cause?: unknown) {
    super('invalid', 'unsuitable-data-root', `${root}: ${reason}`, { details: { root }, cause });
  }
}

/** The file system of the data root cannot hold a directory to a size. Docker's words. */
export class SizeLimitUnsupportedError extends EngineError {
  override readonly name = 'SizeLimitUnsupportedError';
  constructor(root: string, fileSystem: string) {
    super(
      'invalid',
      'size-limit-unsupported',
      "--storage-opt is supported only for overlay over xfs with 'pquota' mount option, or over ext4 with 'prjquota': " +
        `the data root lies on ${fileSystem} without project quotas`,
      { details: { root, fileSystem } },
    );
  }
}

/** A tree holds what no layer tar can say. */
export class UnpackableFileError extends EngineError {
  override readonly name = 'UnpackableFileError';
  constructor(path: string, reason: string) {
    super('invalid', 'unpackable-file', `${path}: ${reason}`, { details: { path } });
  }
}

/** A system call failed while a layer was unpacked, for no fault of the layer. */
export class UnpackFailedError extends EngineError {
  override readonly name = 'UnpackFailedError';
  constructor(kind: ErrorKind, fault: LayerFault) {
    super(kind, 'unpack-failed', `layer ${fault.digest}: ${entryText(fault)}${fault.reason}`, {
      details: detailsOf(fault),
    });
  }
}

function entryText({ entry }: LayerFault): string {
  return entry === undefined ? '' : `${JSON.stringify(entry)}: `;
}

function detailsOf({ digest, reason, entry }: LayerFault): ErrorDetails {
  return { digest, reason, ...(entry === undefined ? {} : { entry }) };
}
