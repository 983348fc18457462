import { EngineError } from '@gantry/base';

/** The store, or one of its collections, was written by a newer program. Nothing was changed. */
export class NewerStoreError extends EngineError {
  override readonly name = 'NewerStoreError';
  constructor(what: string, storedVersion: number, supportedVersion: number) {
    super(
      'conflict',
      'newer-store',
      `${what} has version ${storedVersion}; this program knows up to ${supportedVersion}: use a newer one`,
      { details: { what, storedVersion, supportedVersion } },
    );
  }
}

/** A document that cannot be read any more, although it could when the store was opened. */
export class CorruptDocumentError extends EngineError {
  override readonly name = 'CorruptDocumentError';
  constructor(collection: string, key: string) {
    super('corrupt', 'corrupt-document', `document ${JSON.stringify(key)} of ${collection} is damaged`, {
      details: { collection, key },
    });
  }
}

/** The file system that holds the store is full. The change did not happen. */
export class StoreFullError extends EngineError {
  override readonly name = 'StoreFullError';
  constructor(path: string, cause: unknown) {
    super('exhausted', 'store-full', `no space left on device: cannot write ${path}`, {
      details: { path },
      cause,
    });
  }
}

/** Another process has the store open. */
export class StoreBusyError extends EngineError {
  override readonly name = 'StoreBusyError';
  constructor(path: string, cause: unknown) {
    super('conflict', 'store-busy', `${path} is in use by another process`, { details: { path }, cause });
  }
}

/** The file was damaged while it was open. The next start salvages what is readable. */
export class StoreDamagedError extends EngineError {
  override readonly name = 'StoreDamagedError';
  constructor(path: string, cause: Error) {
    super('corrupt', 'store-damaged', `${path} is damaged: ${cause.message}`, { details: { path }, cause });
  }
}

/** Any other failure of the store; the change did not happen. */
export class StoreFailedError extends EngineError {
  override readonly name = 'StoreFailedError';
  constructor(path: string, cause: Error) {
    super('internal', 'store-failed', `${path}: ${cause.message}`, { details: { path }, cause });
  }
}
