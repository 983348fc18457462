import { pathKey } from '@gantry/kernel';

/** A path inside a layer: its components as `pathKey`s, without `.`, `..` and empty ones. Empty: the layer's root. */
export type EntryPath = readonly string[];

/**
 * Reads a tar name as Docker does: an absolute one starts at the layer's root, `a/../b` is `b`. Undefined when it climbs
 * above the root.
 */
export function entryPath(name: Uint8Array): EntryPath | undefined {
  const components: string[] = [];
  for (const component of pathKey(name).split('/')) {
    if (component === '' || component === '.') continue;
    if (component !== '..') components.push(component);
    else if (components.pop() === undefined) return undefined;
  }
  return components;
}

const whiteoutPrefix = '.wh.';
const reservedPrefix = '.wh..wh.';
const opaqueName = '.wh..wh..opq';

/** What a layer's entry means by its name (OCI image spec, layer.md, "Whiteouts"). */
export type EntryMeaning =
  | { kind: 'plain' }
  /** The directory that holds it hides what lower layers have there. */
  | { kind: 'opaque' }
  /** `name` of lower layers is gone. */
  | { kind: 'whiteout'; name: string }
  /** Metadata of aufs: nothing to unpack. */
  | { kind: 'ignored' };

const plain: EntryMeaning = { kind: 'plain' };

export function entryMeaning(path: EntryPath): EntryMeaning {
  const last = path.at(-1) ?? '';
  const parentIsReserved = path.some(
    (component, index) => index < path.length - 1 && component.startsWith(reservedPrefix),
  );
  if (parentIsReserved) return { kind: 'ignored' };
  if (!last.startsWith(whiteoutPrefix)) return plain;
  if (last === opaqueName) return { kind: 'opaque' };
  if (last.startsWith(reservedPrefix)) return { kind: 'ignored' };
  return { kind: 'whiteout', name: last.slice(whiteoutPrefix.length) };
}
