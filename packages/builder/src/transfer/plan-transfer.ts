import { posix } from 'node:path';
import { pathKey, type TreePath } from '@gantry/kernel';
import { SourceNotFoundError } from '../errors.ts';
import type { SourceTree } from '../sources/source-tree.ts';
import { isArchive, type PlannedArchive } from './add-archive.ts';
import type { Destination } from './destination.ts';
import { cleanSource, type FoundSource, findSources, hasWildcard } from './find-sources.ts';

/** One thing to put into a layer. */
export interface PlannedItem {
  readonly from: FoundSource;
  /** Where it, or with `contents` what is in it, goes. */
  readonly to: TreePath;
  readonly contents: boolean;
}

/** A transfer with all its names known. */
export interface TransferPlan {
  /** Directories that must be there, a directory before what is in it. */
  readonly directories: readonly TreePath[];
  readonly items: readonly PlannedItem[];
  readonly files: readonly { readonly to: TreePath; readonly text: string }[];
  /** Unpacked in the places of plain files. */
  readonly archives: readonly PlannedArchive[];
}

export interface TransferWish {
  /** `COPY` or `ADD`, for messages. */
  readonly instruction: string;
  readonly sources: readonly string[];
  /** Files whose text stands in the Dockerfile. */
  readonly texts: readonly { readonly name: string; readonly text: string }[];
  /** Absolute; a slash at its end says that it is a directory. */
  readonly destination: string;
  /** The sources' directories are made at the destination too. */
  readonly parents: boolean;
  /** Paths of the source tree that are as good as not there. */
  readonly hidden: ReadonlySet<string>;
}

/**
 * Decides what goes where, by BuildKit's rules: of a directory its contents are copied; into a directory that is there, or that
 * ends with a slash, a file goes by its own name; anywhere else the last file stays. A pattern may match nothing. Throws
 * `SourceNotFoundError`.
 */
export function planTransfer(tree: SourceTree, destination: Destination, wish: TransferWish): TransferPlan {
  const found = wish.sources.map((source) => ({
    source,
    matches: findSources(tree, source, { deep: wish.parents }).filter(({ path }) => !wish.hidden.has(path)),
  }));
  for (const { source, matches } of found) {
    if (matches.length === 0 && !hasWildcard(cleanSource(source)))
      throw new SourceNotFoundError(wish.instruction, cleanSource(source));
  }
  const isDirectory = wish.destination.endsWith('/') || posix.basename(wish.destination) === '.';
  const root = destination.resolve(wish.destination);
  const into = isDirectory || wish.parents || destination.stat(root)?.kind === 'directory';
  const items = found.flatMap(({ source, matches }) =>
    matches.map((from) => (wish.parents ? withParents(from, source, root) : plainItem(from, root, into))),
  );
  const isEmpty = items.length + wish.texts.length === 0;
  const files = wish.texts.map(({ name, text }) => ({ to: into ? [...root, pathKey(name)] : root, text }));
  const needed = [
    ...(into && !isEmpty ? [root] : []),
    ...items.map(({ to, contents }) => (contents ? to : to.slice(0, -1))),
    ...files.map(({ to }) => to.slice(0, -1)),
  ];
  return { directories: withAncestors(needed), items: lastOfEach(items), files, archives: [] };
}

/** The plan with its archives to be unpacked, each into the destination. */
export async function unpackArchives(
  tree: SourceTree,
  plan: TransferPlan,
  into: TreePath,
): Promise<TransferPlan> {
  const items: PlannedItem[] = [];
  const archives: PlannedArchive[] = [];
  for (const item of plan.items) {
    const { at, stat } = item.from;
    if (stat.kind === 'file' && (await isArchive(tree, at))) archives.push({ at, into });
    else items.push(item);
  }
  const directories = withAncestors([...plan.directories, ...(archives.length > 0 ? [into] : [])]);
  return { ...plan, directories, items, archives };
}

/** Of files with one place the last. */
function lastOfEach(items: readonly PlannedItem[]): PlannedItem[] {
  const last = new Map(items.map((item) => [item.to.join('/'), item]));
  return items.filter((item) => item.contents || last.get(item.to.join('/')) === item);
}

function plainItem(from: FoundSource, root: TreePath, into: boolean): PlannedItem {
  if (from.stat.kind === 'directory') return { from, to: root, contents: true };
  return { from, to: into ? [...root, posix.basename(from.path)] : root, contents: false };
}

/** Of `a/./b/c` only `b` is made at the destination. */
function withParents(from: FoundSource, source: string, root: TreePath): PlannedItem {
  const [before = ''] = source.includes('/./') ? source.split('/./', 1) : [''];
  const skipped = cleanSource(before).split('/').filter(Boolean).length;
  const names = from.path.split('/').filter(Boolean).slice(skipped);
  return { from, to: [...root, ...names], contents: from.stat.kind === 'directory' };
}

/** Each place behind all that it lies in, every one once. */
export function withAncestors(places: readonly TreePath[]): TreePath[] {
  const all = new Map<string, TreePath>();
  for (const place of places) {
    for (let depth = 1; depth <= place.length; depth++) {
      const ancestor = place.slice(0, depth);
      all.set(ancestor.join('/'), ancestor);
    }
  }
  return [...all].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, place]) => place);
}
