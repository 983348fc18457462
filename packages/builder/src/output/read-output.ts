import type { ImageAnnotations, LayerPacking, PlatformAnnotation } from '@gantry/images';
import { canonicalString, parsePlatform, parseReference, withDefaultTag } from '@gantry/oci';
import { BuildOptionNotBuiltError, InvalidBuildError } from '../errors.ts';
import { NamedAttributes } from '../named-attributes.ts';
import type { ArchiveOutput, BuildOutput, FilesOutput, ImageOutput, OutputForm } from './build-output.ts';

export interface OutputText {
  /** BuildKit's word: `image`, `registry`, `oci`, `docker`, `local`, `tar`, `cacheonly`; dockerd's `moby` is an image. */
  readonly type: string;
  /** By BuildKit's names. */
  readonly attributes: ReadonlyMap<string, string>;
  /** What the client calls the output when it takes it; empty for its only one. */
  readonly id: string;
}

/** Reads what `--output` says, as BuildKit's clients pass it on. Throws `InvalidBuildError`, `BuildOptionNotBuiltError`. */
export function readBuildOutput({ type, attributes: given, id }: OutputText): BuildOutput {
  const attributes = new NamedAttributes(`an output of type ${type}`, given);
  const output = readByType(type, attributes, id);
  attributes.end();
  return output;
}

function readByType(type: string, attributes: NamedAttributes, id: string): BuildOutput {
  switch (type) {
    case 'image':
    case 'moby':
      return imageOutputOf(attributes, false);
    case 'registry':
      return imageOutputOf(attributes, true);
    case 'oci':
    case 'docker':
      return archiveOutputOf(type, attributes, id);
    case 'local':
    case 'tar':
      return filesOutputOf(type, attributes, id);
    case 'cacheonly':
      return { type };
    default:
      throw new BuildOptionNotBuiltError(`an output of type ${type}`);
  }
}

function imageOutputOf(attributes: NamedAttributes, toRegistry: boolean): ImageOutput {
  const names = namesOf(attributes);
  const push = attributes.flag('push') ?? toRegistry;
  if (push && names.length === 0) throw new InvalidBuildError('tag is needed when pushing to registry');
  if (attributes.flag('registry.insecure') === true)
    throw new BuildOptionNotBuiltError("'registry.insecure' (the daemon's insecure-registries say it)");
  // Layers are unpacked for this host whenever they are used, and what Compose wants loaded is here already.
  attributes.flag('unpack');
  attributes.flag('load');
  return {
    type: 'image',
    names,
    store: attributes.flag('store') ?? !toRegistry,
    push,
    pushByDigest: attributes.flag('push-by-digest') ?? false,
    nameCanonical: attributes.flag('name-canonical') ?? false,
    danglingNamePrefix: attributes.text('dangling-name-prefix') ?? '',
    form: formOf(attributes),
  };
}

function archiveOutputOf(type: 'oci' | 'docker', attributes: NamedAttributes, id: string): ArchiveOutput {
  const names = namesOf(attributes);
  return { type, id, names, tar: attributes.flag('tar') ?? true, form: formOf(attributes) };
}

function filesOutputOf(type: 'local' | 'tar', attributes: NamedAttributes, id: string): FilesOutput {
  const platformSplit = attributes.flag('platform-split');
  const attestationPrefix = attributes.text('attestation-prefix') ?? '';
  return { type, id, attestationPrefix, ...(platformSplit !== undefined && { platformSplit }) };
}

function namesOf(attributes: NamedAttributes): string[] {
  const names = (attributes.text('name') ?? '').split(',').filter((name) => name !== '');
  return [...new Set(names.map((name) => canonicalString(withDefaultTag(parseReference(name)))))];
}

const mostLevels: Readonly<Record<LayerPacking, number>> = { none: 0, gzip: 9, estargz: 9, zstd: 22 };

function formOf(attributes: NamedAttributes): OutputForm {
  const oci = attributes.flag('oci-mediatypes');
  const compression = attributes.choice('compression', ['uncompressed', 'gzip', 'zstd', 'estargz']);
  const packing = compression === 'uncompressed' ? 'none' : compression;
  const level = attributes.number('compression-level', 0, mostLevels[packing ?? 'gzip']);
  const epoch = attributes.number('source-date-epoch', 0, Number.MAX_SAFE_INTEGER);
  if (attributes.flag('prefer-nondist-layers') === true)
    throw new BuildOptionNotBuiltError("'prefer-nondist-layers'");
  return {
    ...(oci !== undefined && { family: oci ? 'oci' : 'docker' }),
    ...(packing !== undefined && { packing }),
    ...(level !== undefined && { level }),
    forcePacking: attributes.flag('force-compression') ?? false,
    rewriteTimestamp: attributes.flag('rewrite-timestamp') ?? false,
    ...(epoch !== undefined && { sourceDateEpoch: epoch }),
    artifacts: attributes.flag('oci-artifact') ?? false,
    ...annotationsOf(attributes),
  };
}

const annotationName =
  /^annotation(?:-(?<place>manifest|index|manifest-descriptor|index-descriptor))?(?:\[(?<platform>[^\]]+)\])?\.(?<key>.+)$/;

function annotationsOf(attributes: NamedAttributes): Pick<OutputForm, 'annotations' | 'layoutAnnotations'> {
  const manifests: PlatformAnnotation[] = [];
  const descriptors: PlatformAnnotation[] = [];
  const index: Record<string, string> = {};
  const layoutAnnotations: Record<string, string> = {};
  for (const { match, value } of attributes.matching(annotationName)) {
    const { place = 'manifest', platform, key = '' } = match.groups ?? {};
    if (platform !== undefined && place.startsWith('index'))
      throw new InvalidBuildError(`an annotation of the index cannot be of a platform: ${match[0]}`);
    const annotation = { key, value, ...(platform !== undefined && { platform: parsePlatform(platform) }) };
    if (place === 'manifest') manifests.push(annotation);
    else if (place === 'manifest-descriptor') descriptors.push(annotation);
    else if (place === 'index') index[key] = value;
    else layoutAnnotations[key] = value;
  }
  const annotations: ImageAnnotations = { manifests, descriptors, index };
  return { annotations, layoutAnnotations };
}
