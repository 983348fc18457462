import type { Clock, Logger } from '@gantry/base';
import { Descriptor, isErrno, openFlags, openPath, syncFileSystemAsync } from '@gantry/kernel';
import type { Digest } from '@gantry/oci';
import { writeDurableFile } from './durable-file.ts';
import type { LayerRecord } from './layer-record.ts';

export interface LayerSettlerOptions {
  /** A directory on the file system of the layers. */
  root: string;
  clock: Clock;
  logger: Logger;
}

/** A layer in its place, whose content may be in memory alone. */
interface UnsettledLayer {
  /** Its `layer.json`. */
  file: string;
  /** What the file shall say when the content is on its medium. */
  record: LayerRecord;
}

/** The rest of a pull has the disk for itself, and one sync serves all its layers. */
const graceMs = 1000;

/** Brings layers to their medium in the background: one sync of the file system for all that came until it began. */
export class LayerSettler implements AsyncDisposable {
  readonly #options: LayerSettlerOptions;
  readonly #medium: Descriptor;
  readonly #closing = new AbortController();
  readonly #unsettled = new Map<Digest, UnsettledLayer>();
  #added = 0;
  #pause: Promise<void> | undefined;
  #latest: Promise<void> = Promise.resolve();
  #next: Promise<void> | undefined;

  constructor(options: LayerSettlerOptions) {
    this.#options = options;
    this.#medium = new Descriptor(openPath(options.root, openFlags.readOnly | openFlags.directory));
  }

  /** Settles the layer when no more layers come for a while. */
  add(diffId: Digest, layer: UnsettledLayer): void {
    this.#added += 1;
    this.#unsettled.set(diffId, layer);
    this.#pause ??= this.#settleLater();
  }

  /** The layer was thrown away. Idempotent. */
  forget(diffId: Digest): void {
    this.#unsettled.delete(diffId);
  }

  /** Resolves when these layers are on their medium, and their records say so. Throws a `KernelError`: EIO, ENOSPC. */
  async settled(diffIds: readonly Digest[]): Promise<void> {
    if (!diffIds.some((diffId) => this.#unsettled.has(diffId))) return;
    // What runs now may have gone past what was just written.
    this.#next ??= this.#settleAfter(this.#latest);
    await this.#next;
  }

  /** Waits for what has begun. Records that are left say the boot. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    await this.#pause;
    while (this.#next !== undefined) await this.#next.catch(() => {});
    await this.#latest.catch(() => {});
    this.#medium.close();
  }

  async #settleLater(): Promise<void> {
    const { clock, logger } = this.#options;
    const { signal } = this.#closing;
    for (let seen = -1; seen !== this.#added && !signal.aborted; ) {
      seen = this.#added;
      await clock.sleep(graceMs, signal).catch(() => {});
    }
    this.#pause = undefined;
    if (signal.aborted) return;
    try {
      await this.settled([...this.#unsettled.keys()]);
    } catch (error) {
      logger.warn('unpacked layers cannot be brought to their medium now', { error });
    }
  }

  async #settleAfter(latest: Promise<void>): Promise<void> {
    await latest.catch(() => {});
    this.#latest = this.#next ?? latest;
    this.#next = undefined;
    const layers = [...this.#unsettled];
    await syncFileSystemAsync(this.#medium);
    for (const [diffId, layer] of layers) {
      await settleRecord(layer);
      if (this.#unsettled.get(diffId) === layer) this.#unsettled.delete(diffId);
    }
  }
}

async function settleRecord({ file, record }: UnsettledLayer): Promise<void> {
  try {
    await writeDurableFile(file, JSON.stringify(record));
  } catch (error) {
    // Thrown away meanwhile.
    if (!isErrno(error, 'ENOENT')) throw error;
  }
}
