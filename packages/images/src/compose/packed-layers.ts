import { createHash } from 'node:crypto';
import type { Digest } from '@gantry/oci';
import type { Collection, MetadataStore } from '@gantry/state';
import type { LayerPacking } from './image-format.ts';
import type { PackedLayer } from './layer-packer.ts';

interface PackedRecord extends PackedLayer {
  source: Digest;
}

/** What a blob was packed from, and how. */
export interface PackingKey {
  source: Digest;
  packing: LayerPacking;
  level: number | undefined;
}

/** Blobs that layers were packed into before, so that nothing is packed twice. */
export class PackedLayers {
  readonly #records: Collection<PackedRecord>;

  constructor(store: MetadataStore) {
    this.#records = store.collection<PackedRecord>('packed-layers', { version: 1 });
  }

  /** Its blob may have gone. */
  find(key: PackingKey): PackedLayer | undefined {
    return this.#records.get(recordKey(key));
  }

  put(key: PackingKey, layer: PackedLayer): void {
    this.#records.put(recordKey(key), { ...layer, source: key.source });
  }

  /** Those of the plain layers that are given, and these. */
  *with(layers: Iterable<Digest>): Generator<Digest> {
    const known = new Set(layers);
    yield* known;
    for (const { document } of this.#records.entries()) {
      if (known.has(document.source)) yield document.digest;
    }
  }

  /** Forgets those whose blob has gone. */
  async forgetMissing(isThere: (digest: Digest) => Promise<boolean>): Promise<void> {
    for (const { key, document } of this.#records.entries()) {
      if (!(await isThere(document.digest))) this.#records.delete(key);
    }
  }
}

function recordKey({ source, packing, level }: PackingKey): string {
  return createHash('sha256')
    .update(`${source} ${packing} ${level ?? ''}`)
    .digest('hex');
}
