import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { MetadataStore } from './metadata-store.ts';
import { type MetadataStoreOptions, openMetadataStore } from './open-metadata-store.ts';

/**
 * A copy of a store that no engine has open, to be read: whatever opening would change of the original (a newer shape of
 * documents, a salvage, which `onDamage` tells) happens to the copy, which disposing removes. Undefined when there is no store.
 * Throws `NewerStoreError`.
 */
export function openCopiedStore({ path: file, ...options }: MetadataStoreOptions): MetadataStore | undefined {
  if (!existsSync(file)) return undefined;
  const folder = mkdtempSync(path.join(tmpdir(), 'gantry-store-'));
  const copy = path.join(folder, path.basename(file));
  try {
    for (const suffix of ['-wal', '']) {
      if (existsSync(file + suffix)) copyFileSync(file + suffix, copy + suffix);
    }
    const store = openMetadataStore({ path: copy, ...options });
    return {
      collection: (name, settings) => store.collection(name, settings),
      transaction: (work, settings) => store.transaction(work, settings),
      synced: () => store.synced(),
      [Symbol.dispose]: () => {
        store[Symbol.dispose]();
        rmSync(folder, { recursive: true, force: true });
      },
    };
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
}
