import {
  type Descriptor,
  formatPlatform,
  isForeignLayerType,
  isIndexType,
  isManifestType,
  manifestKind,
  mediaTypes,
  parseIndex,
  parseJsonObject,
  parseManifest,
} from '@gantry/oci';
import { ManifestTypeError } from './errors.ts';
import type { ManifestInfo, ManifestReference } from './manifests.ts';

export interface InspectedManifest
  extends Omit<ManifestInfo, 'digest' | 'sizeBytes' | 'pushedAt' | 'pulledAt'> {
  annotations?: Readonly<Record<string, string>>;
}

/**
 * What a manifest or index says. `announced` is the media type that came with it, which must be what the document itself
 * says. Throws `ManifestTypeError`, `InvalidDocumentError`, `TooManyLayersError`, `DocumentTooLargeError`.
 */
export function inspectManifest(bytes: Uint8Array, announced?: string): InspectedManifest {
  const mediaType = announced ?? ownType(bytes);
  if (isManifestType(mediaType)) return inspectImage(bytes, mediaType);
  if (isIndexType(mediaType)) return inspectIndex(bytes, mediaType);
  throw new ManifestTypeError(mediaType);
}

function ownType(bytes: Uint8Array): string {
  const own = parseJsonObject(bytes, 'manifest')['mediaType'];
  if (typeof own === 'string' && own !== '') return own;
  return manifestKind(bytes) === 'index' ? mediaTypes.index : mediaTypes.manifest;
}

function inspectImage(bytes: Uint8Array, mediaType: string): InspectedManifest {
  const { artifactType, config, layers, subject, annotations } = parseManifest(bytes, mediaType);
  return {
    mediaType,
    // "If the artifactType is empty or missing, the value of config.mediaType" (distribution spec, "Listing Referrers").
    artifactType: artifactType ?? config.mediaType,
    ...(subject === undefined ? {} : { subject: subject.digest }),
    ...(annotations === undefined ? {} : { annotations }),
    references: [reference('config', config), ...layers.map((layer) => reference('layer', layer))],
  };
}

function inspectIndex(bytes: Uint8Array, mediaType: string): InspectedManifest {
  const { artifactType, manifests, subject, annotations } = parseIndex(bytes, mediaType);
  return {
    mediaType,
    ...(artifactType === undefined ? {} : { artifactType }),
    ...(subject === undefined ? {} : { subject: subject.digest }),
    ...(annotations === undefined ? {} : { annotations }),
    references: manifests.map((part) => reference(roleIn(part), part)),
  };
}

/** An index may list blobs too: BuildKit's caches are indexes of layers and their config. */
function roleIn({ mediaType }: Descriptor): ManifestReference['role'] {
  return isManifestType(mediaType) || isIndexType(mediaType) ? 'manifest' : 'layer';
}

function reference(role: ManifestReference['role'], descriptor: Descriptor): ManifestReference {
  const { digest, mediaType, size, platform } = descriptor;
  const isForeign = role === 'layer' && isForeignLayerType(mediaType);
  return {
    role,
    digest,
    mediaType,
    sizeBytes: size,
    ...(isForeign ? { isForeign } : {}),
    ...(platform === undefined ? {} : { platform: formatPlatform(platform) }),
  };
}
