import type { Digest } from '@gantry/oci';
import type { BlobLease } from './blob-store.ts';

/**
 * Which blobs must stay. A running collection also spares what was held at any time since it began: the record that
 * names such a blob may be newer than the collection's list of references.
 */
export class BlobLeases {
  readonly #holders = new Map<Digest, number>();
  readonly #collections = new Set<Set<Digest>>();

  lease(): BlobLease {
    const held = new Set<Digest>();
    let isOver = false;
    return {
      hold: (digest) => {
        if (isOver) throw new Error('this lease was disposed');
        if (held.has(digest)) return;
        held.add(digest);
        this.#hold(digest);
      },
      [Symbol.dispose]: () => {
        isOver = true;
        for (const digest of held) this.#release(digest);
        held.clear();
      },
    };
  }

  /** `isSpared` answers for one collection, until it is disposed. */
  collection(): { isSpared: (digest: Digest) => boolean } & Disposable {
    const spared = new Set(this.#holders.keys());
    this.#collections.add(spared);
    return {
      isSpared: (digest) => spared.has(digest),
      [Symbol.dispose]: () => void this.#collections.delete(spared),
    };
  }

  #hold(digest: Digest): void {
    this.#holders.set(digest, (this.#holders.get(digest) ?? 0) + 1);
    for (const spared of this.#collections) spared.add(digest);
  }

  #release(digest: Digest): void {
    const left = (this.#holders.get(digest) ?? 0) - 1;
    if (left > 0) this.#holders.set(digest, left);
    else this.#holders.delete(digest);
  }
}
