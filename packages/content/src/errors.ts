import { EngineError } from '@gantry/base';
import type { Digest } from '@gantry/oci';

/** No blob has this digest. */
export class BlobNotFoundError extends EngineError {
  override readonly name = 'BlobNotFoundError';
  constructor(digest: Digest) {
    super('not-found', 'blob-not-found', `blob ${digest} not found`, { details: { digest } });
  }
}

/** Bytes, received or kept, that are not what their digest or size says. */
export class BlobMismatchError extends EngineError {
  override readonly name = 'BlobMismatchError';
  constructor(what: 'digest' | 'size', expected: string | number, actual: string | number) {
    super('corrupt', 'blob-mismatch', `blob has the wrong ${what}: expected ${expected}, got ${actual}`, {
      details: { what, expected, actual },
    });
  }
}

/** More bytes than the one who asked is ready to take. */
export class BlobTooLargeError extends EngineError {
  override readonly name = 'BlobTooLargeError';
  constructor(maxBytes: number, digest?: Digest) {
    super(
      'invalid',
      'blob-too-large',
      `blob ${digest ?? ''} is larger than ${maxBytes} bytes`.replace('  ', ' '),
      {
        details: { maxBytes, ...(digest === undefined ? {} : { digest }) },
      },
    );
  }
}

/** The file system that holds the blobs is full, or a quota is used up. */
export class BlobStorageFullError extends EngineError {
  override readonly name = 'BlobStorageFullError';
  constructor(directory: string, cause: unknown) {
    super('exhausted', 'blob-storage-full', `no space left on device: cannot store a blob in ${directory}`, {
      details: { directory },
      cause,
    });
  }
}
