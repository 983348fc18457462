export { compress } from './archives/compress.ts';
export { decompress, sniffStream } from './archives/decompress.ts';
export { applyChanges } from './changes/apply-changes.ts';
export {
  ConfigDraft,
  type ConfigInstruction,
  type Expand,
  isConfigInstruction,
} from './changes/config-draft.ts';
export { readExposedPorts } from './changes/exposed-ports.ts';
export { inTotoStatement, type StatementSubject } from './compose/attestation-manifest.ts';
export type { ComposedImage, ComposedManifest, ComposeRequest } from './compose/compose-image.ts';
export type { ArchiveRequest, SendOptions } from './compose/image-composer.ts';
export { ImageComposer } from './compose/image-composer.ts';
export {
  type Attestation,
  type ImageAnnotations,
  type ImageFormat,
  type LayerPacking,
  type PlainLayer,
  type PlatformAnnotation,
  type PlatformImage,
  plainFormat,
} from './compose/image-format.ts';
export { imagePackageUrl } from './compose/package-url.ts';
export {
  AmbiguousImageError,
  ForeignLayerError,
  ImageContentMissingError,
  ImageInUseError,
  ImageNotFoundError,
  IncompleteIndexError,
  InvalidChangeError,
  InvalidFilterError,
  InvalidImageError,
  NoMatchingManifestError,
  NoSuchTagError,
  NotAnImageError,
  PlatformNotFoundError,
  ProgramMissingError,
  UnknownMirrorImageError,
  UnverifiableImageError,
} from './errors.ts';
export type {
  CommitImageOptions,
  ImageStore,
  ImageUsage,
  ImageUser,
  ImportOptions,
  LoadImageOptions,
  PullOptions,
  PushOptions,
  ResolvedImage,
  TransferOptions,
} from './image-store.ts';
export type { CollectedGarbage, KeepScope } from './keeping/content-keeper.ts';
export type { ParentImage } from './keeping/foundation.ts';
export type { ImageLimits } from './limits.ts';
export { LocalImageStore, type LocalImageStoreOptions } from './local-image-store.ts';
export type { HostPaths } from './mirror/distribution-mirror.ts';
export { MirrorFailedError, MirrorNotConfiguredError, UnknownSuiteError } from './mirror/errors.ts';
export type { BlobSource, ReceivedImage, ReceiveRequest } from './pull/receive-image.ts';
export type { ImageVerifier, Registries } from './pull/registry-images.ts';
export type { ImageSpace } from './queries/image-space.ts';
export type { InspectRequest } from './queries/inspect-image.ts';
export { pointInTime } from './queries/point-in-time.ts';
export type { PrunedImages } from './removal/prune-images.ts';
export type { ImageProblem } from './repair/check-images.ts';
export { checkStoredImages, type StoredImages } from './repair/check-stored-images.ts';
export type { RepairReport } from './repair/repair-images.ts';
