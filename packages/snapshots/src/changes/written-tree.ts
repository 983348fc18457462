import { Directory, type IdTranslation, pathKey } from '@gantry/kernel';
import type { ChangesOptions } from '../snapshotter.ts';
import { findChanges, type TreeChange } from './find-changes.ts';

/** A writable snapshot and what it stands on, by paths. */
export interface WrittenTree {
  path: string;
  /** It holds what the layers have too. */
  whole: boolean;
  /** The layers' directories, topmost first, each once. */
  lowers: readonly string[];
  /** What the owners of its files are to those that use it. */
  ids?: IdTranslation;
}

/** Walks the changes, with all that is needed open. See `findChanges`. */
export function* walkChanges(
  { path, whole, lowers, ids }: WrittenTree,
  { stubs = new Set() }: ChangesOptions,
): Generator<TreeChange, void, undefined> {
  using opened = new DisposableStack();
  const upper = opened.use(Directory.openPath(path));
  const below = lowers.map((lower) => opened.use(Directory.openPath(lower)));
  const keys = new Set([...stubs].map(pathKey));
  const isStub = (at: readonly string[]): boolean => keys.has(`/${at.join('/')}`);
  yield* findChanges(upper, below, { whole, isStub, ...(ids && { ids }) });
}
