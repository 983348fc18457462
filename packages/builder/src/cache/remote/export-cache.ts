import { type LayerPacking, plainFormat } from '@gantry/images';
import type { Descriptor } from '@gantry/oci';
import type { BuilderPorts } from '../../builder-environment.ts';
import type { Keep } from '../../steps/layers.ts';
import type { CachedStep } from '../build-cache.ts';
import { type CacheLayer, encodeCache, encodeManifest } from './cache-document.ts';
import type { CachePlace } from './cache-place.ts';

/** A step of the build, with its layer on this host. */
export type UsedStep = Pick<CachedStep, 'description' | 'createdAt' | 'layer'> & { readonly key: string };

/** How the documents and layers of a cache are made. */
export interface CacheForm {
  readonly family: 'oci' | 'docker';
  /** A manifest as an image's; otherwise an index that lists layers and config, as older BuildKits wrote them. */
  readonly isImage: boolean;
  readonly packing: Exclude<LayerPacking, 'estargz'>;
  readonly level?: number;
}

export interface CacheExport {
  readonly steps: readonly UsedStep[];
  readonly form: CacheForm;
  readonly keep: Keep;
  readonly signal: AbortSignal;
}

/** Brings steps and their layers to a place, the manifest last. Returns the manifest's descriptor. */
export async function exportCache(
  { content, composer }: Pick<BuilderPorts, 'content' | 'composer'>,
  place: CachePlace,
  { steps, form, keep, signal }: CacheExport,
): Promise<Descriptor> {
  const { family, isImage, packing, level } = form;
  const format = { ...plainFormat, family, packing, ...(level !== undefined && { level }) };
  const layers: CacheLayer[] = [];
  const distinct = new Map(steps.flatMap(({ layer }) => (layer ? [[layer.diffId, layer]] : [])));
  for (const layer of distinct.values()) {
    const packed = await composer.pack(layer, { format, signal }, keep);
    await place.write(packed.descriptor, () => content.read(packed.descriptor.digest), signal);
    layers.push(packed);
  }
  const told = steps.map(({ layer, ...step }) => ({ ...step, ...(layer && { diffId: layer.diffId }) }));
  const { config, descriptors } = encodeCache(told, layers);
  const { mediaType, digest, bytes } = config;
  const configDescriptor = { mediaType, digest, size: bytes.length };
  await place.write(configDescriptor, () => inOnePiece(bytes), signal);
  const manifest = encodeManifest(configDescriptor, descriptors, { family, isImage });
  await place.writeManifest(manifest, signal);
  return { mediaType: manifest.mediaType, digest: manifest.digest, size: manifest.bytes.length };
}

async function* inOnePiece(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
