/**
 * How much of a blob is in its file, for whoever reads the file meanwhile, and in the end whether the blob was right. Who writes the file
 * calls `arrived`, where the size was not known `ended`, then `verified` or `failed`.
 */
export class ArrivingBlob {
  readonly #verdict = Promise.withResolvers<void>();
  #sizeBytes: number;
  #arrivedBytes = 0;
  #onArrival: ((blob: ArrivingBlob) => void) | undefined;

  /** Whatever comes until `ended` when the size is missing. */
  constructor(sizeBytes: number = Number.POSITIVE_INFINITY) {
    this.#sizeBytes = sizeBytes;
    // It may fail before anybody asks.
    this.#verdict.promise.catch(() => {});
  }

  /** Infinite as long as nobody knows. */
  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** So many bytes from the beginning can be read. */
  get arrivedBytes(): number {
    return this.#arrivedBytes;
  }

  /** Resolves when the blob is there whole and has its digest; rejects when it will not be. */
  get verdict(): Promise<void> {
    return this.#verdict.promise;
  }

  /** Told of each arrival from now on; one listener at a time. */
  onArrival(listener: (blob: ArrivingBlob) => void): void {
    this.#onArrival = listener;
  }

  /** More than the blob has is nothing to read. */
  arrived(bytes: number): void {
    this.#arrivedBytes = Math.min(bytes, this.#sizeBytes);
    this.wake();
  }

  /** What has arrived is all. */
  ended(): void {
    this.#sizeBytes = this.#arrivedBytes;
    this.wake();
  }

  /** Has the reader look again whether it shall go on. */
  wake(): void {
    this.#onArrival?.(this);
  }

  verified(): void {
    this.#verdict.resolve();
  }

  failed(error: unknown): void {
    this.#verdict.reject(error);
  }
}
