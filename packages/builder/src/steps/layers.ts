import { closeSync, openSync } from 'node:fs';
import { faultPoint } from '@gantry/base';
import type { PlainLayer } from '@gantry/images';
import type { Digest } from '@gantry/oci';
import { ArrivingBlob, type LayerReception } from '@gantry/snapshots';
import type { BuilderEnvironment } from '../builder-environment.ts';

/** The diff id of a tar without entries: a layer that changes nothing. */
export const emptyLayer: Digest = 'sha256:5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef';

/** Keeps what a build makes until its image, or the cache, refers to it. */
export type Keep = ReturnType<BuilderEnvironment['ports']['images']['keep']>;

/**
 * Stores a plain layer tar and unpacks it at the same time. Undefined for one without entries. Throws what storing and unpacking throw
 * (`StorageFullError`, `UnsafeLayerError` …).
 */
export async function storeLayer(
  { ports }: Pick<BuilderEnvironment, 'ports'>,
  archive: AsyncIterable<Uint8Array>,
  { keep, signal }: { keep: Keep; signal: AbortSignal },
): Promise<PlainLayer | undefined> {
  await using unpacking = new UnpackedMeanwhile(ports, signal);
  const { digest: diffId, sizeBytes } = await ports.content.ingest(archive, {
    lease: keep.lease,
    signal,
    onStored: (file, storedBytes) => unpacking.stored(file, storedBytes),
  });
  faultPoint('build/layer-stored');
  if (diffId === emptyLayer) return undefined;
  keep.keepLayer(diffId);
  await unpacking.finish(diffId);
  faultPoint('build/layer-unpacked');
  return { diffId, sizeBytes };
}

/** A layer that is unpacked from the file in which its blob comes. */
class UnpackedMeanwhile implements AsyncDisposable {
  readonly #ports: Pick<BuilderEnvironment['ports'], 'content' | 'snapshots'>;
  readonly #signal: AbortSignal;
  readonly #blob = new ArrivingBlob();
  #begun: { readonly file: number; readonly reception: LayerReception } | undefined;

  constructor(ports: BuilderEnvironment['ports'], signal: AbortSignal) {
    this.#ports = ports;
    this.#signal = signal;
  }

  stored(path: string, storedBytes: number): void {
    this.#begun ??= this.#begin(path);
    this.#blob.arrived(storedBytes);
  }

  /** The blob is in the store by now. */
  async finish(diffId: Digest): Promise<void> {
    const { content, snapshots } = this.#ports;
    this.#blob.ended();
    if (this.#begun !== undefined) await this.#begun.reception.finish(diffId);
    else await snapshots.unpackLayer({ diffId, blobPath: content.path(diffId), compression: 'none' });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#begun === undefined) return;
    await this.#begun.reception[Symbol.asyncDispose]();
    closeSync(this.#begun.file);
  }

  /** The file is renamed when it is whole: by its descriptor it is found all the same. */
  #begin(path: string): { file: number; reception: LayerReception } {
    const file = openSync(path, 'r');
    const layer = { blobPath: `/proc/self/fd/${file}`, arriving: this.#blob, signal: this.#signal };
    return { file, reception: this.#ports.snapshots.receiveLayer(layer) };
  }
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
