import { closeSync, openSync } from 'node:fs';
import { faultPoint } from '@gantry/base';
import { compressionProbeBytes, type Descriptor, type Digest } from '@gantry/oci';
import { ArrivingBlob } from '@gantry/snapshots';
import type { LayerUnpacker } from '../keeping/layer-unpacker.ts';

export interface LayerArrivalOptions {
  unpacker: LayerUnpacker;
  layer: Descriptor;
  diffId: Digest;
  signal: AbortSignal;
  /** Called with the compressed bytes unpacked so far, when all are there: until then it is told how many have come. */
  onProgress: (consumedBytes: number) => void;
}

/** An unpacking that goes along with one file. */
interface Unpacking {
  blob: ArrivingBlob;
  stop: AbortController;
  /** Never rejects. */
  outcome: Promise<{ error?: unknown }>;
}

/**
 * Unpacks a layer while its blob comes. Nothing of it can be seen before the blob is verified, and what it fails with is told after
 * that: of a blob that is wrong it says nothing. One of `finish` and `abandon` must be awaited.
 */
export class LayerArrival {
  readonly #options: LayerArrivalOptions;
  #current: Unpacking | undefined;
  #isWhole = false;
  readonly #given: Promise<unknown>[] = [];

  constructor(options: LayerArrivalOptions) {
    this.#options = options;
  }

  /** See `ExpectedBlob.onStored`. Where the file is begun anew, so is the unpacking. */
  stored(file: string, storedBytes: number): void {
    const { size } = this.#options.layer;
    if (storedBytes < (this.#current?.blob.arrivedBytes ?? 0))
      this.#giveUp(new Error('the blob was begun anew'));
    if (storedBytes < Math.min(compressionProbeBytes, size)) return;
    this.#current ??= this.#begin(openSync(file, 'r'));
    this.#current.blob.arrived(storedBytes);
  }

  /** The blob is in its place, and right. Throws what unpacking failed with. */
  async finish(): Promise<void> {
    faultPoint('pull/verified');
    this.#isWhole = true;
    this.#current?.blob.verified();
    const outcome = await this.#current?.outcome;
    await Promise.all(this.#given);
    if (outcome?.error !== undefined) throw outcome.error;
    faultPoint('pull/unpacked');
  }

  /** The blob does not come. Idempotent. */
  async abandon(reason: unknown): Promise<void> {
    this.#giveUp(reason);
    await Promise.all(this.#given);
  }

  #begin(file: number): Unpacking {
    const { unpacker, layer, diffId, signal, onProgress } = this.#options;
    const stop = new AbortController();
    const blob = new ArrivingBlob(layer.size);
    const layerInfo = unpacker.unpackArriving(layer, diffId, {
      file,
      blob,
      signal: AbortSignal.any([signal, stop.signal]),
      onProgress: (_layer, consumedBytes) => this.#isWhole && onProgress(consumedBytes),
    });
    const outcome = layerInfo.then(
      () => ({}),
      (error: unknown) => ({ error }),
    );
    faultPoint('pull/unpacking');
    return { blob, stop, outcome: outcome.finally(() => closeSync(file)) };
  }

  #giveUp(reason: unknown): void {
    if (this.#current === undefined) return;
    const { blob, stop, outcome } = this.#current;
    blob.failed(reason);
    stop.abort(reason);
    this.#given.push(outcome);
    this.#current = undefined;
  }
}
