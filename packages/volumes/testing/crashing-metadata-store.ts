import type { Collection, MetadataStore } from '@gantry/state';

/** Thrown where the engine is killed. */
export class Killed extends Error {}

/** `store` until its change number `change` (from 0), which is the engine's end: right before it, or right after. */
export function crashingMetadataStore(
  store: MetadataStore,
  { change, when }: { change: number; when: 'before' | 'after' },
): MetadataStore {
  let changes = 0;
  const crash = <T>(work: () => T): T => {
    const isLast = changes === change;
    if (changes > change || (isLast && when === 'before')) throw new Killed();
    changes += 1;
    const result = work();
    if (isLast) throw new Killed();
    return result;
  };
  return {
    collection: (name, options) => {
      const inner = store.collection(name, options);
      const outer: Collection<Parameters<typeof inner.put>[1]> = {
        get: (key) => inner.get(key),
        put: (key, document) => crash(() => inner.put(key, document)),
        delete: (key) => crash(() => inner.delete(key)),
        entries: () => inner.entries(),
        page: (wanted) => inner.page(wanted),
      };
      return outer;
    },
    transaction: (work) => work(),
    synced: () => store.synced(),
    [Symbol.dispose]: () => {},
  };
}
