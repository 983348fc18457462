import { setImmediate } from 'node:timers/promises';
import {
  FileTooLargeError,
  isErrno,
  keyBytes,
  NotRegularFileError,
  openFlags,
  openIn,
  pathKey,
  pathText,
  type RootedTree,
  readFileIn,
  type TreePath,
} from '@gantry/kernel';
import { apkPackages } from './apk-packages.ts';
import { dpkgPackages } from './dpkg-packages.ts';
import { goModules } from './go-modules.ts';
import { isPackageFile, languagePackage } from './language-packages.ts';
import { type InstalledPackage, readSystemRelease } from './package.ts';

export interface FoundPackages {
  readonly packages: readonly InstalledPackage[];
  /** Databases that are there and cannot be read. */
  readonly unread: readonly string[];
}

const maxFileBytes = 64 * 1024 ** 2;
const directoriesPerTurn = 200;
const rpmDatabases = [
  '/var/lib/rpm/rpmdb.sqlite',
  '/var/lib/rpm/Packages.db',
  '/var/lib/rpm/Packages',
  '/usr/lib/sysimage/rpm/rpmdb.sqlite',
  '/usr/lib/sysimage/rpm/Packages.db',
];

/** A mounted file system: its root on the host, and the same for look-ups. */
export interface ScannedTree {
  readonly root: string;
  readonly tree: RootedTree;
}

/** What is installed in a file system, by the databases of its package managers and the packages' own files. In the order of their URLs. */
export async function findPackages({ root, tree }: ScannedTree, signal: AbortSignal): Promise<FoundPackages> {
  const read = (path: string): string => textOf(root, path) ?? '';
  const release = readSystemRelease(read('/etc/os-release') || read('/usr/lib/os-release'));
  const packages = new Map<string, InstalledPackage>();
  const add = (found: readonly InstalledPackage[]): void => {
    for (const each of found) if (!packages.has(each.url)) packages.set(each.url, each);
  };
  add(dpkgPackages(read('/var/lib/dpkg/status'), '/var/lib/dpkg/status', release));
  for (const database of ['/lib/apk/db/installed', '/usr/lib/apk/db/installed'])
    add(apkPackages(read(database), database, release));
  let directories = 0;
  for (const path of packageFiles(tree)) {
    if (path === undefined) {
      if (++directories % directoriesPerTurn === 0) await setImmediate();
      signal.throwIfAborted();
      continue;
    }
    if (!isPackageFile(path) && !isDistrolessStatus(path)) {
      add(modulesOfProgram(root, path));
      continue;
    }
    const text = read(path);
    if (path.startsWith('/var/lib/dpkg/status.d/')) add(dpkgPackages(text, path, release));
    else add([languagePackage(path, text)].filter((found) => found !== undefined));
  }
  return {
    packages: [...packages.values()].toSorted((a, b) => (a.url < b.url ? -1 : 1)),
    unread: rpmDatabases.filter((path) => textOf(root, path, 0) !== undefined),
  };
}

/** Undefined for what is not there, or is no file; empty for one that is larger than anybody reads. */
function textOf(root: string, path: string, maxBytes: number = maxFileBytes): string | undefined {
  try {
    const bytes = readFileIn(root, path, maxBytes);
    return bytes === undefined ? undefined : Buffer.from(bytes).toString();
  } catch (error) {
    if (error instanceof FileTooLargeError) return '';
    if (error instanceof NotRegularFileError || isErrno(error, 'ELOOP', 'ENOTDIR')) return undefined;
    throw error;
  }
}

/** Paths of files that describe packages, and of programs; undefined in between for every directory that was gone through. */
function* packageFiles(tree: RootedTree): Generator<string | undefined> {
  const pending: TreePath[] = [[]];
  for (let at = pending.pop(); at !== undefined; at = pending.pop()) {
    yield undefined;
    using directory = tree.openDirectory(at);
    for (const name of directory.names()) {
      const below = [...at, pathKey(name)];
      const path = `/${below.map((part) => pathText(keyBytes(part))).join('/')}`;
      const { kind, mode } = directory.stat(name);
      if (kind === 'directory') {
        if (!['/proc', '/sys', '/dev'].includes(path)) pending.push(below);
      } else if (kind === 'file' && (isPackageFile(path) || isDistrolessStatus(path) || isExecutable(mode)))
        yield path;
    }
  }
}

function isExecutable(mode: number): boolean {
  return (mode & 0o111) !== 0;
}

function modulesOfProgram(root: string, path: string): InstalledPackage[] {
  using place = openIn(root, path);
  using file = place.reopen(openFlags.readOnly);
  return goModules(file.fd, path);
}

function isDistrolessStatus(path: string): boolean {
  return path.startsWith('/var/lib/dpkg/status.d/') && !path.endsWith('.md5sums');
}
