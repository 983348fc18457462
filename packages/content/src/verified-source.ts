import { createHash } from 'node:crypto';
import { type Digest, parseDigest } from '@gantry/oci';
import type { BlobInfo, ExpectedBlob } from './blob-store.ts';
import { BlobMismatchError, BlobTooLargeError } from './errors.ts';

/** Hashes and counts what goes by, and stops it at the first byte that cannot be right. */
export class BlobVerifier {
  readonly #hash = createHash('sha256');
  readonly #expected: ExpectedBlob;
  #sizeBytes = 0;

  constructor(expected: ExpectedBlob) {
    this.#expected = expected;
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** Throws `BlobMismatchError` or `BlobTooLargeError` as soon as there are too many bytes. */
  update(chunk: Uint8Array): void {
    const { sizeBytes, maxBytes } = this.#expected;
    this.#sizeBytes += chunk.length;
    if (sizeBytes !== undefined && this.#sizeBytes > sizeBytes) {
      throw new BlobMismatchError('size', sizeBytes, `more than ${sizeBytes}`);
    }
    if (maxBytes !== undefined && this.#sizeBytes > maxBytes) {
      throw new BlobTooLargeError(maxBytes, this.#expected.digest);
    }
    this.#hash.update(chunk);
  }

  /** What the bytes are. Throws `BlobMismatchError` when that is not what was expected. */
  finish(): BlobInfo {
    const { digest: expectedDigest, sizeBytes } = this.#expected;
    if (sizeBytes !== undefined && this.#sizeBytes !== sizeBytes) {
      throw new BlobMismatchError('size', sizeBytes, this.#sizeBytes);
    }
    const digest = parseDigest(`sha256:${this.#hash.digest('hex')}`);
    if (expectedDigest !== undefined && digest !== expectedDigest) {
      throw new BlobMismatchError('digest', expectedDigest, digest);
    }
    return { digest, sizeBytes: this.#sizeBytes };
  }
}

/** The digest of bytes that are at hand. */
export function digestOf(bytes: Uint8Array): Digest {
  return parseDigest(`sha256:${createHash('sha256').update(bytes).digest('hex')}`);
}

/**
 * Iterates `source`, but an abort of `signal` ends it at once, even while `source` hangs. The source is closed on
 * every way out.
 */
export async function* abortable(
  source: AsyncIterable<Uint8Array>,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array, void, void> {
  if (signal === undefined) {
    yield* source;
    return;
  }
  // One promise a step, not a race with one that lives as long as the source: that would keep every chunk until the end.
  let step = Promise.withResolvers<IteratorResult<Uint8Array>>();
  const onAbort = (): void => step.reject(signal.reason as Error);
  signal.addEventListener('abort', onAbort, { once: true });
  const iterator = source[Symbol.asyncIterator]();
  let isOver = false;
  try {
    for (;;) {
      signal.throwIfAborted();
      step = Promise.withResolvers();
      iterator.next().then(step.resolve, step.reject);
      const result = await step.promise;
      isOver = result.done === true;
      if (result.done === true) return;
      yield result.value;
    }
  } finally {
    signal.removeEventListener('abort', onAbort);
    // Not awaited: a source that hangs does not answer this either.
    if (!isOver) void iterator.return?.()?.catch(() => {});
  }
}
