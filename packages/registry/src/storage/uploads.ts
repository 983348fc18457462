import type { Digest } from '@gantry/oci';
import type { BlobChange, LinkedBlob } from './blobs.ts';
import type { ChangeOptions } from './registry-storage.ts';

/**
 * Blobs on their way from clients, in as many pieces and connections as they like; what arrived is there after a restart.
 * Whoever comes for an upload ends what another connection is appending to it: the client has given that up.
 * Every method but `begin` throws `UploadUnknownError` for an id that this repository does not have.
 */
export interface Uploads {
  /** Throws `TooManyUploadsError`. */
  begin(repository: string): UploadInfo;

  get(repository: string, id: string): Promise<UploadInfo>;

  /**
   * Appends a piece. What arrived before a failure stays. Throws `UploadRangeError` when the piece does not begin where the
   * upload ends, `UploadTakenOverError`, `BlobStorageFullError`, and `BlobTooLargeError`, which ends the upload.
   */
  append(repository: string, id: string, piece: UploadPiece): Promise<UploadInfo>;

  /** Makes a blob of it. Throws `BlobMismatchError` when it has another digest; the upload is over either way. */
  commit(
    upload: { repository: string; id: string; digest: Digest },
    options?: ChangeOptions<BlobChange>,
  ): Promise<LinkedBlob>;

  cancel(repository: string, id: string): Promise<void>;

  /** Cancels those that nothing was appended to since. Returns how many. */
  expire(before: Date): Promise<number>;
}

export interface UploadInfo {
  id: string;
  repository: string;
  sizeBytes: number;
  startedAt: string;
}

export interface UploadPiece {
  source: AsyncIterable<Uint8Array>;
  /** Where the client believes the upload to end. */
  offset?: number | undefined;
  /** How long the piece is, where the client says so. */
  expectedBytes?: number | undefined;
  signal?: AbortSignal | undefined;
}
