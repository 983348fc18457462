import { faultPoint } from '@gantry/base';
import type { PlainLayer } from '@gantry/images';
import type { Digest } from '@gantry/oci';
import type { BuilderEnvironment } from '../builder-environment.ts';

/** The diff id of a tar without entries: a layer that changes nothing. */
const emptyLayer: Digest = 'sha256:5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef';

/** Keeps what a build makes until its image, or the cache, refers to it. */
export type Keep = ReturnType<BuilderEnvironment['ports']['images']['keep']>;

/**
 * Stores a plain layer tar and unpacks it. Undefined for one without entries. Throws what storing and unpacking throw
 * (`StorageFullError`, `UnsafeLayerError` …).
 */
export async function storeLayer(
  { ports }: Pick<BuilderEnvironment, 'ports'>,
  archive: AsyncIterable<Uint8Array>,
  { keep, signal }: { keep: Keep; signal: AbortSignal },
): Promise<PlainLayer | undefined> {
  const { digest: diffId, sizeBytes } = await ports.content.ingest(archive, { lease: keep.lease, signal });
  faultPoint('build/layer-stored');
  if (diffId === emptyLayer) return undefined;
  keep.keepLayer(diffId);
  await ports.snapshots.unpackLayer({
    diffId,
    blobPath: ports.content.path(diffId),
    compression: 'none',
    signal,
  });
  faultPoint('build/layer-unpacked');
  return { diffId, sizeBytes };
}

/** Whether a cached step's layer is really there, blob and directory; it is kept from then on. */
export async function holdLayer(
  { ports }: Pick<BuilderEnvironment, 'ports'>,
  { diffId }: PlainLayer,
  keep: Keep,
): Promise<boolean> {
  keep.keepLayer(diffId);
  keep.lease.hold(diffId);
  if ((await ports.content.stat(diffId)) === undefined) return false;
  return (await ports.snapshots.layer(diffId)) !== undefined;
}
