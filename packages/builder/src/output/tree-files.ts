import { createReadStream } from 'node:fs';
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

const readBytes = 1024 * 1024;

/** The files of a tree, below a directory when there is a name for it, to be listed and read one by one. It stays the caller's. */
export function treeFiles(tree: RootedTree, below = ''): FileSource {
  const prefix = below === '' ? '' : `${below}/`;
  return {
    entries: async function* () {
      if (below !== '') yield directoryEntry(below);
      using root = tree.openDirectory([]);
      yield* entriesIn({ tree, links: new Map(), prefix }, root, []);
    },
    read: (path) => readFile(tree, path.slice(prefix.length).split('/')),
  };
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
}

function* entriesIn(walk: Walk, directory: Directory, at: TreePath): Generator<FileEntry> {
  const keys = directory.names().map(pathKey);
  for (const key of keys.sort((a, b) => (a < b ? -1 : 1))) {
    const name = keyBytes(key);
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

async function* readFile(tree: RootedTree, names: readonly string[]): AsyncGenerator<Uint8Array> {
  using place = tree.open(names.map((name) => pathKey(Buffer.from(name))));
  using file = place.reopen(openFlags.readOnly);
  yield* createReadStream('', { fd: file.fd, autoClose: false, highWaterMark: readBytes });
}
