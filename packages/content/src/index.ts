export type { BlobInfo, BlobLease, BlobStore, ExpectedBlob } from './blob-store.ts';
export { BlobMismatchError, BlobNotFoundError, BlobStorageFullError, BlobTooLargeError } from './errors.ts';
export { FileBlobStore, type FileBlobStoreOptions } from './file-blob-store.ts';
