export { type ArchiveCompression, compressionProbeBytes, detectCompression } from './compression.ts';
export { type Digest, digestHex, InvalidDigestError, isDigest, parseDigest } from './digest.ts';
export {
  CorruptTarError,
  DocumentTooLargeError,
  InvalidDocumentError,
  InvalidPlatformError,
  InvalidReferenceError,
  TooManyLayersError,
  UnsupportedMediaTypeError,
} from './errors.ts';
export { parseImageConfig } from './image-config.ts';
export type {
  Descriptor,
  HistoryEntry,
  ImageConfig,
  ImageIndex,
  ImageManifest,
  ImageRunConfig,
  Platform,
} from './image-spec.ts';
export {
  checkedFields,
  type FieldCheck,
  type JsonObject,
  JsonReader,
  maxDocumentBytes,
  parseJsonObject,
} from './json-document.ts';
export { manifestKind, maxLayers, parseIndex, parseManifest, verifyLayerCount } from './manifest.ts';
export {
  isForeignLayerType,
  isImageConfigType,
  isIndexType,
  isLayerType,
  isManifestType,
  type LayerCompression,
  layerCompression,
  layerMediaType,
  type MediaTypeFamily,
  type MediaTypeName,
  mediaTypes,
} from './media-types.ts';
export { namePatternExpression } from './name-pattern.ts';
export {
  choosePlatform,
  compatiblePlatforms,
  formatPlatform,
  hostPlatform,
  normalizePlatform,
  parsePlatform,
} from './platform.ts';
export {
  canonicalName,
  canonicalString,
  familiarName,
  familiarString,
  isMirror,
  isRepositoryPath,
  isTag,
  parseReference,
  parseReferenceWithTag,
  type Reference,
  withDefaultTag,
  withTag,
} from './reference.ts';
export type {
  RuntimeBlockIo,
  RuntimeHook,
  RuntimeHookName,
  RuntimeIdMapping,
  RuntimeLinux,
  RuntimeMount,
  RuntimeProcess,
  RuntimeResources,
  RuntimeSeccomp,
  RuntimeSpec,
  RuntimeSyscall,
} from './runtime-spec.ts';
export { readTar, type TarMember } from './tar/read-tar.ts';
export { type TarEntry, type TarEntryType, type TarSegment, tarStoredBytes } from './tar/tar-entry.ts';
export { type TarHandler, TarParser } from './tar/tar-parser.ts';
export { encodeTarHeader, type TarEntryInput, tarEnd, tarPadding } from './tar/tar-writer.ts';
