import {
  type Descriptor,
  type ImageManifest,
  mediaTypes,
  type Platform,
  parseManifest,
  parseReference,
  type Reference,
  withDefaultTag,
} from '@gantry/oci';

/** A manifest with what is said of it, as docker's client keeps it in its local manifest lists. */
export interface LocalManifest {
  /** Canonical: `docker.io/library/debian:bookworm`; with `@` and its digest of one that a list on a registry names. */
  Ref: string;
  Descriptor: Omit<Descriptor, 'platform'> & { platform?: ListedPlatform };
  /** The document, base64. */
  Raw: string;
  /** The document once more, for who reads it: one of both. */
  SchemaV2Manifest?: unknown;
  OCIManifest?: unknown;
}

/** Docker's order of fields; features of an operating system only where there are some. */
export type ListedPlatform = Partial<Platform>;

/** A name with its tag: `latest` when it has neither tag nor digest. Throws `InvalidReferenceError`. */
export function manifestReference(name: string): Reference {
  const reference = parseReference(name);
  return reference.digest === undefined ? withDefaultTag(reference) : reference;
}

/** Puts a manifest together as docker writes it. Throws `InvalidDocumentError` for one that is not an image's. */
export function localManifest(
  Ref: string,
  { descriptor, bytes }: { descriptor: LocalManifest['Descriptor']; bytes: Uint8Array },
): LocalManifest {
  parseManifest(bytes, descriptor.mediaType);
  const document: unknown = JSON.parse(Buffer.from(bytes).toString());
  const isOci = descriptor.mediaType === mediaTypes.manifest;
  return {
    Ref,
    Descriptor: orderedDescriptor(descriptor),
    Raw: Buffer.from(bytes).toString('base64'),
    ...(isOci ? { OCIManifest: document } : { SchemaV2Manifest: document }),
  };
}

export function documentBytes({ Raw }: LocalManifest): Buffer {
  return Buffer.from(Raw, 'base64');
}

export function parsedManifest(manifest: LocalManifest): ImageManifest {
  return parseManifest(documentBytes(manifest), manifest.Descriptor.mediaType);
}

export function orderedPlatform(platform: ListedPlatform): ListedPlatform {
  const { architecture = '', os = '', variant } = platform;
  const version = platform['os.version'];
  const features = platform['os.features'] ?? [];
  return {
    architecture,
    os,
    ...(version ? { 'os.version': version } : {}),
    ...(features.length > 0 ? { 'os.features': features } : {}),
    ...(variant ? { variant } : {}),
  };
}

function orderedDescriptor({
  mediaType,
  digest,
  size,
  platform,
}: LocalManifest['Descriptor']): LocalManifest['Descriptor'] {
  return {
    mediaType,
    digest,
    size,
    ...(platform === undefined ? {} : { platform: orderedPlatform(platform) }),
  };
}
