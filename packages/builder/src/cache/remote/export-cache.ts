import { compress } from '@gantry/images';
import type { Digest } from '@gantry/oci';
import type { BuilderPorts } from '../../builder-environment.ts';
import type { Keep } from '../../steps/layers.ts';
import {
  type BlobPlace,
  cacheConfigType,
  encodeJson,
  layerType,
  manifestType,
  type RemoteStep,
} from './cache-document.ts';
import type { CachePlace } from './cache-place.ts';

export interface CacheExport {
  readonly steps: readonly RemoteStep[];
  readonly keep: Keep;
  readonly signal: AbortSignal;
}

/** Brings steps and their layers to a place, the manifest last. Returns the manifest's descriptor. */
export async function exportCache(
  { content }: Pick<BuilderPorts, 'content'>,
  place: CachePlace,
  { steps, keep, signal }: CacheExport,
): Promise<BlobPlace & { readonly mediaType: string }> {
  const layers: { diffId: Digest; blob: BlobPlace }[] = [];
  for (const diffId of new Set(steps.flatMap(({ layer }) => layer?.diffId ?? []))) {
    const packed = compress(content.read(diffId), 'gzip');
    const { digest, sizeBytes } = await content.ingest(packed, { lease: keep.lease, signal });
    const blob = { digest, size: sizeBytes };
    await place.write(blob, () => content.read(digest), signal);
    layers.push({ diffId, blob });
  }
  const config = encodeJson({ steps, layers });
  const configPlace = { digest: config.digest, size: config.bytes.length };
  await place.write(
    configPlace,
    async function* () {
      yield config.bytes;
    },
    signal,
  );
  const manifest = encodeJson({
    schemaVersion: 2,
    mediaType: manifestType,
    config: { mediaType: cacheConfigType, ...configPlace },
    layers: layers.map(({ blob }) => ({ mediaType: layerType, ...blob })),
  });
  await place.writeManifest(manifest, signal);
  return { mediaType: manifestType, digest: manifest.digest, size: manifest.bytes.length };
}
