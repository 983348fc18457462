import {
  type Directory,
  type FileStat,
  keyBytes,
  openFlags,
  pathKey,
  pathText,
  type RootedTree,
  type TreePath,
} from '@gantry/kernel';
import { packedXattrs } from '@gantry/snapshots';
import type { FileEntry, FileSource } from '../build-client.ts';
import { fileChunks } from '../steps/file-chunks.ts';

export interface TreePlace {
  /** A directory that they are in; empty for none. */
  readonly directory: string;
  /** Files at the top beside those of the tree, over one of the same name. */
  readonly added: ReadonlyMap<string, Uint8Array>;
}

/** The files of a tree, to be listed and read one by one. It stays the caller's. */
export function treeFiles(tree: RootedTree, { directory, added }: TreePlace): FileSource {
  const prefix = directory === '' ? '' : `${directory}/`;
  return {
    entries: async function* () {
      if (directory !== '') yield directoryEntry(directory);
      using root = tree.openDirectory([]);
      yield* entriesIn({ tree, links: new Map(), prefix, added }, root, []);
    },
    read: (path) => {
      const own = added.get(path.slice(prefix.length));
      return own === undefined ? readFile(tree, path.slice(prefix.length).split('/')) : single(own);
    },
  };
}

async function* single(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

/** Several trees side by side; each has a directory of its own. */
export function besideEachOther(sources: ReadonlyMap<string, FileSource>): FileSource {
  return {
    entries: async function* () {
      for (const [, source] of [...sources].toSorted(([a], [b]) => (a < b ? -1 : 1))) yield* source.entries();
    },
    read: (path) => {
      const source = sources.get(path.split('/', 1)[0] ?? '');
      if (source === undefined) throw new Error(`no such file: ${path}`);
      return source.read(path);
    },
  };
}

interface Walk {
  tree: RootedTree;
  /** First names of files with several. */
  links: Map<string, string>;
  prefix: string;
  added: ReadonlyMap<string, Uint8Array>;
}

function* entriesIn(walk: Walk, directory: Directory, at: TreePath): Generator<FileEntry> {
  const added =
    at.length === 0 ? new Map([...walk.added].map(([name, bytes]) => [pathKey(name), bytes])) : undefined;
  const keys = new Set([...directory.names().map(pathKey), ...(added?.keys() ?? [])]);
  for (const key of [...keys].sort((a, b) => (a < b ? -1 : 1))) {
    const name = keyBytes(key);
    const bytes = added?.get(key);
    if (bytes !== undefined) {
      yield addedEntry(walk.prefix + pathText(name), bytes);
      continue;
    }
    const stat = directory.stat(name);
    const below = [...at, key];
    const path = walk.prefix + below.map((part) => pathText(keyBytes(part))).join('/');
    yield entryOf(walk, path, { stat, directory, name });
    if (stat.kind !== 'directory') continue;
    using child = walk.tree.openDirectory(below);
    yield* entriesIn(walk, child, below);
  }
}

function entryOf(
  { links }: Walk,
  path: string,
  { stat, directory, name }: { stat: FileStat; directory: Directory; name: Uint8Array },
): FileEntry {
  const { kind, mode, uid, gid, modifiedNs, target } = stat;
  const entry = { path, mode, uid, gid, modifiedNs, sizeBytes: kind === 'file' ? stat.sizeBytes : 0 };
  if (kind === 'symlink') return { ...entry, kind, linkName: pathText(directory.readlink(name)) };
  const inode = `${stat.device.major}:${stat.device.minor}:${stat.inode}`;
  const first = stat.links > 1 && kind === 'file' ? links.get(inode) : undefined;
  if (first !== undefined) return { ...entry, kind: 'hard-link', sizeBytes: 0, linkName: first };
  if (kind === 'file' && stat.links > 1) links.set(inode, path);
  const xattrs = packedXattrs(directory.entryPath(name));
  const isDevice = kind === 'character' || kind === 'block';
  return {
    ...entry,
    kind: isDevice ? `${kind}-device` : kind,
    linkName: '',
    ...(isDevice && { device: target }),
    ...(xattrs.size > 0 && { xattrs }),
  };
}

function directoryEntry(path: string): FileEntry {
  const owner = { uid: 0, gid: 0, sizeBytes: 0, modifiedNs: 0n };
  return { path, kind: 'directory', mode: 0o755, linkName: '', ...owner };
}

function addedEntry(path: string, bytes: Uint8Array): FileEntry {
  const owner = { uid: 0, gid: 0, modifiedNs: 0n };
  return { path, kind: 'file', mode: 0o644, linkName: '', sizeBytes: bytes.length, ...owner };
}

async function* readFile(tree: RootedTree, names: readonly string[]): AsyncGenerator<Uint8Array> {
  using place = tree.open(names.map((name) => pathKey(Buffer.from(name))));
  using file = place.reopen(openFlags.readOnly);
  yield* fileChunks(file.fd);
}
