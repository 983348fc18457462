import { existsSync } from 'node:fs';
import { CommandError } from '../errors.ts';
import type { CacheOption } from './options/caches.ts';
import { ContentStore } from './session/content-service.ts';
import { findEntry, type LayoutEntry, putEntry } from './session/oci-layout.ts';

/** The caches of a build, of which those of type `local` lie on this side. */
export interface BuildCaches {
  readonly imports: readonly CacheOption[];
  readonly exports: readonly CacheOption[];
  /** By the names that the engine calls them. */
  readonly stores: Map<string, ContentStore>;
  /** Notes in the local stores what the build put there: the answer's `cache.manifest`. */
  readonly keep: (manifest: string | undefined) => void;
}

/** Opens the local ones. One to take from that is not there is passed over. Throws `CommandError` for one that names no place. */
export function openCaches(from: readonly CacheOption[], to: readonly CacheOption[]): BuildCaches {
  const stores = new Map<string, ContentStore>();
  const written: { directory: string; tag: string }[] = [];
  const imports = from.flatMap((cache) =>
    cache.type === 'local' ? openImport(cache, stores) : [checked(cache)],
  );
  const exports = to.map((cache) => {
    if (cache.type !== 'local') return checked(cache);
    const directory = placeOf(cache, 'dest', 'exporter');
    stores.set(`local:${directory}`, new ContentStore(directory));
    written.push({ directory, tag: cache.attributes.get('tag') ?? 'latest' });
    return cache;
  });
  const keep = (manifest: string | undefined): void => {
    if (manifest === undefined) return;
    const entry = JSON.parse(manifest) as LayoutEntry;
    for (const { directory, tag } of written) putEntry(directory, entry, tag);
  };
  return { imports, exports, stores, keep };
}

function openImport(cache: CacheOption, stores: Map<string, ContentStore>): CacheOption[] {
  const directory = placeOf(cache, 'src', 'importer');
  if (!existsSync(directory)) return [];
  const tag = cache.attributes.get('tag') ?? 'latest';
  const digest = cache.attributes.get('digest') ?? findEntry(directory, tag)?.digest;
  const store = new ContentStore(directory);
  if (digest === undefined || store.sizeOf(digest) === undefined) return [];
  stores.set(`local:${directory}`, store);
  return [{ ...cache, attributes: new Map([...cache.attributes, ['digest', digest]]) }];
}

function placeOf({ attributes }: CacheOption, key: string, role: string): string {
  const place = attributes.get(key) ?? '';
  if (place === '') throw new CommandError(1, `ERROR: local cache ${role} requires ${key}`);
  return place;
}

function checked(cache: CacheOption): CacheOption {
  if (cache.type === 'registry' && !cache.attributes.get('ref')) {
    throw new CommandError(1, 'ERROR: registry cache requires ref');
  }
  return cache;
}
