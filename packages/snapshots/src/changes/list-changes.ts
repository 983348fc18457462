import { setImmediate } from 'node:timers/promises';
import { keyBytes } from '@gantry/kernel';
import type { ChangesOptions, SnapshotChange } from '../snapshotter.ts';
import { type WrittenTree, walkChanges } from './written-tree.ts';

/** How long the event loop may be kept from its other work. */
const maxSliceMs = 2;

/** The changes one by one, giving the event loop its turn every few milliseconds. */
export async function* listChanges(
  tree: WrittenTree,
  options: ChangesOptions,
): AsyncGenerator<SnapshotChange, void, undefined> {
  let started = performance.now();
  for (const { at, kind } of walkChanges(tree, options)) {
    yield { path: keyBytes(`/${at.join('/')}`), kind };
    if (performance.now() - started < maxSliceMs) continue;
    await setImmediate();
    started = performance.now();
  }
}
