import type { Digest, HistoryEntry, ImageRunConfig, MediaTypeFamily, Platform } from '@gantry/oci';
import type { ParentImage } from '../keeping/foundation.ts';

/** How layers are packed in their blobs; `estargz`: gzip whose files can be fetched one by one. */
export type LayerPacking = 'none' | 'gzip' | 'zstd' | 'estargz';

/** The form of an image's blobs and documents. */
export interface ImageFormat {
  /** Docker's family has no zstd: with zstd and estargz, and for what is attested, OCI's is taken. */
  family: MediaTypeFamily;
  /** Of layers that are plain tars in the store. */
  packing: LayerPacking;
  /** The packer's own default when missing. */
  level?: number;
  /** Layers that are packed in another way already are packed again. */
  force: boolean;
  annotations: ImageAnnotations;
  /** No file in the new layers is younger: seconds since the epoch. As they are when missing. */
  latestFileTime?: number;
  /** Attestation manifests say in OCI 1.1's words which manifest they are about. */
  artifacts: boolean;
}

/** Annotations by where they stand; those of `descriptors` are a platform's within the index. */
export interface ImageAnnotations {
  manifests: readonly PlatformAnnotation[];
  descriptors: readonly PlatformAnnotation[];
  index: Readonly<Record<string, string>>;
}

export interface PlatformAnnotation {
  key: string;
  value: string;
  /** Of this platform alone; of all when missing. */
  platform?: Platform;
}

export const plainFormat: ImageFormat = {
  family: 'oci',
  packing: 'none',
  force: false,
  annotations: { manifests: [], descriptors: [], index: {} },
  artifacts: false,
};

/** A layer whose blob is its plain tar. */
export interface PlainLayer {
  diffId: Digest;
  sizeBytes: number;
}

/** What an image is for one platform. */
export interface PlatformImage {
  /** The image below, `scratch` when missing. */
  parent?: ParentImage;
  /** On top of it, base first. */
  layers: readonly PlainLayer[];
  platform: Platform;
  config: ImageRunConfig;
  author: string;
  created: Date;
  /** Of what is on top of the parent, one entry that is not empty for each layer. */
  history: readonly HistoryEntry[];
  /** What is said of it: predicates of in-toto statements. */
  attestations: readonly Attestation[];
  /** What BuildKit's clients find in the config as the cache of the build: base64. */
  inlineCache?: string;
}

export interface Attestation {
  /** A URI. */
  predicateType: string;
  predicate: object;
}
