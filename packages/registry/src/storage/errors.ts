import { EngineError } from '@gantry/base';

/** A name that the distribution spec's grammar refuses, or one longer than 255 characters. */
export class InvalidRepositoryNameError extends EngineError {
  override readonly name = 'InvalidRepositoryNameError';
  constructor(text: string) {
    super(
      'invalid',
      'invalid-repository-name',
      `invalid repository name: ${JSON.stringify(text.slice(0, 300))}`,
    );
  }
}

export class InvalidTagError extends EngineError {
  override readonly name = 'InvalidTagError';
  constructor(text: string) {
    super('invalid', 'invalid-tag', `invalid tag: ${JSON.stringify(text.slice(0, 200))}`);
  }
}

/** A manifest names blobs or manifests that its repository does not have. */
export class ManifestReferenceUnknownError extends EngineError {
  override readonly name = 'ManifestReferenceUnknownError';
  constructor(repository: string, digests: readonly string[]) {
    super(
      'not-found',
      'manifest-reference-unknown',
      `manifest names what ${repository} does not have: ${digests.slice(0, 8).join(', ')}`,
      { details: { repository, digests } },
    );
  }
}

/** A manifest gives a blob another size than it has. */
export class ManifestReferenceSizeError extends EngineError {
  override readonly name = 'ManifestReferenceSizeError';
  constructor(digest: string, claimedBytes: number, actualBytes: number) {
    super(
      'invalid',
      'manifest-reference-size',
      `manifest says that ${digest} has ${claimedBytes} bytes; it has ${actualBytes}`,
      { details: { digest, claimedBytes, actualBytes } },
    );
  }
}

/** A manifest of Docker's schema 1, or of no type that the registry knows. */
export class ManifestTypeError extends EngineError {
  override readonly name = 'ManifestTypeError';
  constructor(mediaType: string) {
    const isOld = /manifest\.v1\+/.test(mediaType);
    const remedy = isOld ? ': schema 1 ended in 2017; push it with a newer client' : '';
    super(
      'invalid',
      'manifest-type',
      `manifests of type ${JSON.stringify(mediaType.slice(0, 200))} are not stored${remedy}`,
      { details: { mediaType: mediaType.slice(0, 200) } },
    );
  }
}

/** A blob that a manifest of the repository is made of is not removed before that. */
export class BlobInUseError extends EngineError {
  override readonly name = 'BlobInUseError';
  constructor(repository: string, digest: string, manifest: string) {
    super(
      'conflict',
      'repository-blob-in-use',
      `blob ${digest} of ${repository} is part of the manifest ${manifest}; remove that first`,
      { details: { repository, digest, manifest } },
    );
  }
}

/** A manifest that an index of the repository lists is not removed before that. */
export class ManifestInUseError extends EngineError {
  override readonly name = 'ManifestInUseError';
  constructor(repository: string, digest: string, index: string) {
    super(
      'conflict',
      'repository-manifest-in-use',
      `manifest ${digest} of ${repository} is part of the index ${index}; remove that first`,
      { details: { repository, digest, index } },
    );
  }
}

/** Never begun, over, cancelled, expired, or another repository's. */
export class UploadUnknownError extends EngineError {
  override readonly name = 'UploadUnknownError';
  constructor(repository: string, id: string) {
    super('not-found', 'upload-unknown', `${repository} has no upload ${JSON.stringify(id.slice(0, 64))}`, {
      details: { repository },
    });
  }
}

/** A piece does not begin where the upload ends. */
export class UploadRangeError extends EngineError {
  override readonly name = 'UploadRangeError';
  readonly sizeBytes: number;
  constructor(offset: number, sizeBytes: number) {
    super('invalid', 'upload-range', `the piece begins at ${offset}; the upload has ${sizeBytes} bytes`, {
      details: { offset, sizeBytes },
    });
    this.sizeBytes = sizeBytes;
  }
}

/** Another connection came for the upload. */
export class UploadTakenOverError extends EngineError {
  override readonly name = 'UploadTakenOverError';
  constructor(id: string) {
    super('conflict', 'upload-taken-over', `upload ${id} goes on over another connection`);
  }
}

/** So many uploads are open that no more are begun; they expire when nothing is appended to them. */
export class TooManyUploadsError extends EngineError {
  override readonly name = 'TooManyUploadsError';
  constructor(limit: number) {
    super('exhausted', 'too-many-uploads', `${limit} uploads are open; try again later`, {
      details: { limit },
    });
  }
}

/** A manifest that is not what it was when it was stored: the disk lost it. */
export class StoredManifestDamagedError extends EngineError {
  override readonly name = 'StoredManifestDamagedError';
  constructor(repository: string, digest: string, cause: unknown) {
    super(
      'corrupt',
      'stored-manifest-damaged',
      `manifest ${digest} of ${repository} is damaged on the disk`,
      {
        details: { repository, digest },
        cause,
      },
    );
  }
}
