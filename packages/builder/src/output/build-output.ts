import type { ImageAnnotations, LayerPacking } from '@gantry/images';
import type { MediaTypeFamily } from '@gantry/oci';

/** Where the result of a build goes, and in which form. */
export type BuildOutput = ImageOutput | ArchiveOutput | FilesOutput | CacheOnlyOutput;

/** An image of this host, of a registry, or both. */
export interface ImageOutput {
  readonly type: 'image';
  /** Canonical, with their tags; none for an image without a name. */
  readonly names: readonly string[];
  /** It becomes an image of this host. */
  readonly store: boolean;
  readonly push: boolean;
  /** Pushed under no tag. */
  readonly pushByDigest: boolean;
  /** It is also called `repository@digest`. */
  readonly nameCanonical: boolean;
  /** An image without names is called `prefix@digest`. */
  readonly danglingNamePrefix: string;
  readonly form: OutputForm;
}

/** An archive of the image, or the directory that it would unpack to, for the client. */
export interface ArchiveOutput {
  readonly type: 'oci' | 'docker';
  /** What the client calls this output when it takes it. */
  readonly id: string;
  readonly names: readonly string[];
  /** False: a directory. */
  readonly tar: boolean;
  readonly form: OutputForm;
}

/** The files of the image, for the client: as a directory, or as one archive. */
export interface FilesOutput {
  readonly type: 'local' | 'tar';
  readonly id: string;
  /** A directory for each platform; when there are several, if missing. */
  readonly platformSplit?: boolean;
  /** In front of the names of attestations' files. */
  readonly attestationPrefix: string;
}

/** Nothing but the cache. */
export interface CacheOnlyOutput {
  readonly type: 'cacheonly';
}

/** How the documents and layers of an image are made. */
export interface OutputForm {
  /** The output's usual one when missing: Docker's for `docker` archives, OCI's otherwise. */
  readonly family?: MediaTypeFamily;
  /** The output's usual one when missing: plain for an image that stays on this host, gzip for one that leaves it. */
  readonly packing?: LayerPacking;
  readonly level?: number;
  readonly forcePacking: boolean;
  /** Times of files are not later than the build's `SOURCE_DATE_EPOCH`. */
  readonly rewriteTimestamp: boolean;
  /** Seconds; over `SOURCE_DATE_EPOCH`. */
  readonly sourceDateEpoch?: number;
  readonly annotations: ImageAnnotations;
  /** Of the image's descriptor in the `index.json` of an archive. */
  readonly layoutAnnotations: Readonly<Record<string, string>>;
  /** Attestations as OCI artifacts. */
  readonly artifacts: boolean;
}

/** An image of this host by these names, as a build without outputs makes it. */
export function imageOutput(names: readonly string[]): ImageOutput {
  return {
    type: 'image',
    names,
    store: true,
    push: false,
    pushByDigest: false,
    nameCanonical: false,
    danglingNamePrefix: '',
    form: plainForm,
  };
}

export const plainForm: OutputForm = {
  forcePacking: false,
  rewriteTimestamp: false,
  annotations: { manifests: [], descriptors: [], index: {} },
  layoutAnnotations: {},
  artifacts: false,
};

/** Whether it needs the documents of an image. */
export function makesImage(output: BuildOutput): output is ImageOutput | ArchiveOutput {
  return output.type === 'image' || output.type === 'oci' || output.type === 'docker';
}
