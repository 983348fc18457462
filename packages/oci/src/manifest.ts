import { isDigest } from './digest.ts';
import { TooManyLayersError } from './errors.ts';
import type { Descriptor, ImageConfig, ImageIndex, ImageManifest, Platform } from './image-spec.ts';
import { checkedFields, JsonReader, parseJsonObject } from './json-document.ts';
import { isIndexType, isManifestType } from './media-types.ts';

/** Layers that a manifest may list. Overlayfs stacks at most 500. */
export const maxLayers = 512;

/** Manifests that an index may list. */
const maxManifests = 4096;

/**
 * Parses and checks an image manifest (OCI or Docker schema 2). `mediaType` is what the descriptor or the response that
 * led here says it is: it must agree with what the document says. Throws `InvalidDocumentError`, `TooManyLayersError`,
 * `DocumentTooLargeError`.
 */
export function parseManifest(bytes: Uint8Array, mediaType?: string): ImageManifest {
  const reader = new JsonReader('manifest');
  const document = parseJsonObject(bytes, 'manifest');
  checkKind(reader, document, { isKind: isManifestType, mediaType });
  // A document that is both could be taken for either (GO-2022-0360).
  if (Object.hasOwn(document, 'manifests')) reader.fail('also lists manifests, as only an index may');
  const layers = document['layers'] ?? [];
  if (Array.isArray(layers) && layers.length > maxLayers) {
    throw new TooManyLayersError(layers.length, maxLayers);
  }
  const checked = checkedFields(
    { ...document, layers },
    {
      config: (value, field) => checkDescriptor(reader, value, field),
      layers: (value, field) =>
        reader.array(value, field).map((layer) => checkDescriptor(reader, layer, field)),
      ...sharedChecks(reader),
    },
  );
  if (checked['config'] === undefined) reader.fail("has no 'config'");
  return checked as unknown as ImageManifest;
}

/** The same for an image index (OCI) or manifest list (Docker). */
export function parseIndex(bytes: Uint8Array, mediaType?: string): ImageIndex {
  const reader = new JsonReader('index');
  const document = parseJsonObject(bytes, 'index');
  checkKind(reader, document, { isKind: isIndexType, mediaType });
  for (const field of ['config', 'layers', 'fsLayers']) {
    if (Object.hasOwn(document, field)) reader.fail(`also has '${field}', as only a manifest may`);
  }
  const manifests = reader.array(document['manifests'] ?? [], 'manifests');
  if (manifests.length > maxManifests) {
    reader.fail(`lists ${manifests.length} manifests; at most ${maxManifests} are accepted`);
  }
  const checked = checkedFields(
    { ...document, manifests },
    {
      manifests: () => manifests.map((manifest) => checkDescriptor(reader, manifest, 'manifests')),
      ...sharedChecks(reader),
    },
  );
  return checked as unknown as ImageIndex;
}

/**
 * Tells an index from a manifest where no media type came with it. Throws `InvalidDocumentError` when it is neither or
 * both.
 */
export function manifestKind(bytes: Uint8Array): 'manifest' | 'index' {
  const reader = new JsonReader('manifest');
  const document = parseJsonObject(bytes, 'manifest');
  const mediaType = document['mediaType'];
  const isIndex = Object.hasOwn(document, 'manifests');
  const isManifest = Object.hasOwn(document, 'config') || Object.hasOwn(document, 'layers');
  if (isIndex && isManifest) reader.fail('is both a manifest and an index');
  if (typeof mediaType === 'string' && mediaType !== '') {
    if (isIndexType(mediaType)) return 'index';
    if (isManifestType(mediaType)) return 'manifest';
    reader.fail(`has the media type ${JSON.stringify(mediaType)}`);
  }
  if (!isIndex && !isManifest) reader.fail('is neither a manifest nor an index');
  return isIndex ? 'index' : 'manifest';
}

/** Throws `InvalidDocumentError` unless the config has one diff id for each layer of the manifest. */
export function verifyLayerCount(manifest: ImageManifest, config: ImageConfig): void {
  const { length: layers } = manifest.layers;
  const { length: diffIds } = config.rootfs.diff_ids;
  if (layers !== diffIds) {
    new JsonReader('image config').fail(`has ${diffIds} diff ids for the ${layers} layers of its manifest`);
  }
}

interface ExpectedKind {
  isKind: (mediaType: string) => boolean;
  mediaType: string | undefined;
}

function checkKind(reader: JsonReader, document: Record<string, unknown>, expected: ExpectedKind): void {
  if (document['schemaVersion'] !== 2) {
    reader.fail(`has schema version ${JSON.stringify(document['schemaVersion'])}; only 2 is supported`);
  }
  const own = reader.string(document['mediaType'] ?? '', 'mediaType');
  const { mediaType = own } = expected;
  if (own !== '' && own !== mediaType) {
    reader.fail(`says it is ${JSON.stringify(own)} and was announced as ${JSON.stringify(mediaType)}`);
  }
  if (mediaType !== '' && !expected.isKind(mediaType)) {
    reader.fail(`has the media type ${JSON.stringify(mediaType)}`);
  }
}

function sharedChecks(reader: JsonReader): Record<string, (value: unknown, field: string) => unknown> {
  return {
    artifactType: (value, field) => reader.string(value, field),
    subject: (value, field) => checkDescriptor(reader, value, field),
    annotations: (value, field) => reader.stringMap(value, field),
  };
}

function checkDescriptor(reader: JsonReader, value: unknown, field: string): Descriptor {
  const descriptor = checkedFields(reader.object(value, field), {
    mediaType: (item) => reader.string(item, `${field}.mediaType`),
    digest: (item) => reader.string(item, `${field}.digest`),
    size: (item) => reader.size(item, `${field}.size`),
    urls: (item) => reader.strings(item, `${field}.urls`),
    annotations: (item) => reader.stringMap(item, `${field}.annotations`),
    data: (item) => reader.string(item, `${field}.data`),
    artifactType: (item) => reader.string(item, `${field}.artifactType`),
    platform: (item) => checkPlatform(reader, item, `${field}.platform`),
  });
  for (const name of ['mediaType', 'digest', 'size']) {
    if (descriptor[name] === undefined) reader.fail(`has a '${field}' without ${name}`);
  }
  if (!isDigest(String(descriptor['digest']))) reader.fail(`has a '${field}' with a malformed digest`);
  return descriptor as unknown as Descriptor;
}

function checkPlatform(reader: JsonReader, value: unknown, field: string): Platform {
  const platform = checkedFields(reader.object(value, field), {
    os: (item) => reader.string(item, `${field}.os`),
    architecture: (item) => reader.string(item, `${field}.architecture`),
    variant: (item) => reader.string(item, `${field}.variant`),
    'os.version': (item) => reader.string(item, `${field}.os.version`),
    'os.features': (item) => reader.strings(item, `${field}.os.features`),
  });
  if (platform['os'] === undefined || platform['architecture'] === undefined) {
    reader.fail(`has a '${field}' without os or architecture`);
  }
  return platform as unknown as Platform;
}
