export type {
  BlobInfo,
  BlobLease,
  BlobSource,
  BlobStore,
  ExpectedBlob,
  FindReferences,
} from './blob-store.ts';
export { BlobMismatchError, BlobNotFoundError, BlobStorageFullError, BlobTooLargeError } from './errors.ts';
export { FileBlobStore, type FileBlobStoreOptions } from './file-blob-store.ts';
export { FilePartialBlobs, type FilePartialBlobsOptions } from './partial/file-partial-blobs.ts';
export type { AppendOptions, PartialBlobs } from './partial/partial-blobs.ts';
export { abortable } from './verified-source.ts';
