import { createHash } from 'node:crypto';
import type { PlainLayer } from '@gantry/images';
import type { Digest } from '@gantry/oci';
import type { Collection, MetadataStore } from '@gantry/state';
import { BuildCache } from './build-cache.ts';

/** A file that came from an address. */
export interface Download {
  readonly name: string;
  readonly digest: Digest;
  readonly layer: PlainLayer;
  readonly etag?: string;
  readonly lastModified?: string;
}

/** What came from which address last. Its layers stay as long as the build cache has them. */
export class Downloads {
  readonly #downloads: Collection<Download>;
  readonly #cache: BuildCache;

  constructor(store: MetadataStore, cache: BuildCache) {
    this.#downloads = store.collection<Download>('build-downloads', { version: 1 });
    this.#cache = cache;
  }

  find(url: string): Download | undefined {
    const download = this.#downloads.get(keyOf(url));
    if (download === undefined || this.#cache.find(stepKey(download)) === undefined) return undefined;
    return download;
  }

  put(url: string, download: Download): void {
    const description = `http url ${new URL(url).origin}${new URL(url).pathname}`;
    this.#cache.put(stepKey(download), { layer: download.layer, description });
    this.#downloads.put(keyOf(url), download);
  }
}

function stepKey({ layer }: Download): string {
  return BuildCache.key(['download', layer.diffId]);
}

/** An address may have words in it that nobody else shall read. */
function keyOf(url: string): string {
  return createHash('sha256').update(url).digest('hex');
}
