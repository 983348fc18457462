import type { Digest } from '@gantry/oci';

const maxBytes = 16 << 20;

/** The bytes of manifests that were read last. What a digest names never changes. */
export class ManifestCache {
  readonly #kept = new Map<Digest, Uint8Array>();
  #sizeBytes = 0;

  get(digest: Digest): Uint8Array | undefined {
    const bytes = this.#kept.get(digest);
    if (bytes === undefined) return undefined;
    this.#kept.delete(digest);
    this.#kept.set(digest, bytes);
    return bytes;
  }

  keep(digest: Digest, bytes: Uint8Array): void {
    if (this.#kept.has(digest) || bytes.length > maxBytes / 4) return;
    this.#kept.set(digest, bytes);
    this.#sizeBytes += bytes.length;
    for (const [oldest, { length }] of this.#kept) {
      if (this.#sizeBytes <= maxBytes) return;
      this.#kept.delete(oldest);
      this.#sizeBytes -= length;
    }
  }
}
