import { posix } from 'node:path';
import { faultPoint } from '@gantry/base';
import type { PlainLayer } from '@gantry/images';
import { encodeTarHeader, type TarEntryInput, tarEnd, tarPadding } from '@gantry/oci';
import type { ClientDirectory, DirectoryWish, FileEntry } from '../build-client.ts';
import type { BuilderEnvironment } from '../builder-environment.ts';
import { BuildOptionNotBuiltError, InvalidBuildError } from '../errors.ts';
import { ArchiveTree } from '../sources/archive-tree.ts';
import { archivedFiles } from '../sources/archived-files.ts';
import type { SourceFiles } from '../sources/source-files.ts';
import { openStoredArchives } from '../sources/stored-archives.ts';
import { emptyLayer } from '../steps/layers.ts';
import { refuseMark } from '../transfer/add-archive.ts';
import { compareDirectory, type DirectoryChanges } from './compare-directory.ts';
import type { SourceRequest } from './source-request.ts';

/** From so many on a directory is received anew: what has changed since is stored too. */
const maxArchives = 12;
const maxEntries = 2_000_000;
/** Files up to this size are asked for together. */
const smallFileBytes = 128 * 1024;
const readAhead = 64;

/**
 * Takes a directory of the client's in, as archives. Of one that came before, under the client's shared key, only what changed is
 * asked for. Throws `InvalidBuildError` for what cannot be in a layer, and for a file that shrinks while it is read.
 */
export async function receiveDirectory(
  environment: BuilderEnvironment,
  { name, wish }: { name: string; wish: DirectoryWish },
  request: SourceRequest,
): Promise<SourceFiles> {
  const { client, signal, opened } = request;
  if (client?.directory === undefined)
    throw new BuildOptionNotBuiltError('a directory of a client that lends none');
  await using directory = await client.directory(name, wish, { signal });
  const entries = await listed(directory);
  const kept = client.sharedKey === '' ? [] : await heldArchives(environment, name, request);
  const before = await openStoredArchives(environment, kept, { opened });
  const changes = compareDirectory(new ArchiveTree(before.index.root), entries);
  const isAnew = hasLinks(changes) || kept.length === 0 || kept.length >= maxArchives;
  const wanted = isAnew ? { changed: entries, removed: [] } : changes;
  const added = await storeArchive(environment, packEntries(directory, wanted), request);
  const layers = [...(isAnew ? [] : kept), ...(added === undefined ? [] : [added])];
  if (client.sharedKey !== '' && layers.length > 0)
    environment.directories.put(client.sharedKey, name, layers);
  const now = await openStoredArchives(environment, added === undefined ? [] : [added], {
    opened,
    ...(!isAnew && { below: before }),
  });
  return archivedFiles(environment, now, request);
}

async function listed(directory: ClientDirectory): Promise<FileEntry[]> {
  const entries: FileEntry[] = [];
  for await (const entry of directory.entries()) {
    checkName(entry);
    if (entry.kind !== 'socket') entries.push(entry);
    if (entries.length > maxEntries) throw new InvalidBuildError(`a context has at most ${maxEntries} files`);
  }
  return entries;
}

function checkName({ path, kind, linkName }: FileEntry): void {
  const isInside = (name: string): boolean =>
    name !== '' && !name.startsWith('/') && !name.split('/').some((part) => ['', '.', '..'].includes(part));
  if (!isInside(path) || (kind === 'hard-link' && !isInside(linkName)))
    throw new InvalidBuildError(`the client sent a file with the name ${JSON.stringify(path)}`);
  refuseMark(posix.basename(path));
}

/** Empty when nothing, or not everything, is there. */
async function heldArchives(
  environment: BuilderEnvironment,
  name: string,
  { client, keep }: SourceRequest,
): Promise<readonly PlainLayer[]> {
  const layers = environment.directories.find(client?.sharedKey ?? '', name);
  for (const { diffId } of layers) {
    keep.lease.hold(diffId);
    if ((await environment.ports.content.stat(diffId)) === undefined) return [];
  }
  return layers;
}

/** Undefined for an archive without entries. */
async function storeArchive(
  { ports }: BuilderEnvironment,
  archive: AsyncIterable<Uint8Array>,
  { keep, signal }: SourceRequest,
): Promise<PlainLayer | undefined> {
  const { digest: diffId, sizeBytes } = await ports.content.ingest(archive, { lease: keep.lease, signal });
  faultPoint('build/context-stored');
  return diffId === emptyLayer ? undefined : { diffId, sizeBytes };
}

/** The file that a hard link names is perhaps in another layer. */
function hasLinks({ changed }: DirectoryChanges): boolean {
  return changed.some(({ kind }) => kind === 'hard-link');
}

async function* packEntries(
  directory: ClientDirectory,
  { changed, removed }: DirectoryChanges,
): AsyncGenerator<Uint8Array, void, void> {
  for (const path of removed) {
    const { dir, base } = posix.parse(path);
    yield encodeTarHeader({
      type: 'file',
      name: Buffer.from(posix.join(dir, `.wh.${base}`), 'latin1'),
      mode: 0o600,
      uid: 0,
      gid: 0,
      mtimeNs: 0n,
      sizeBytes: 0,
    });
  }
  const small = readTogether(directory, changed);
  for (const entry of changed) {
    yield encodeTarHeader(headerOf(entry));
    if (entry.kind !== 'file' || entry.sizeBytes === 0) continue;
    yield* exactly(entry, small(entry) ?? directory.read(entry.path));
    yield tarPadding(entry.sizeBytes);
  }
  yield tarEnd;
}

function headerOf({ path, kind, linkName, modifiedNs, device, ...entry }: FileEntry): TarEntryInput {
  return {
    type: kind === 'socket' ? 'fifo' : kind,
    name: Buffer.from(path),
    linkName: Buffer.from(linkName),
    mode: entry.mode,
    uid: entry.uid,
    gid: entry.gid,
    mtimeNs: modifiedNs,
    sizeBytes: kind === 'file' ? entry.sizeBytes : 0,
    ...(device && { deviceMajor: device.major, deviceMinor: device.minor }),
    ...(entry.xattrs && { xattrs: entry.xattrs }),
  };
}

type Content = AsyncIterable<Uint8Array>;

/** Small files are asked for before their turn, so that their answers come one after the other. */
function readTogether(
  directory: ClientDirectory,
  entries: readonly FileEntry[],
): (entry: FileEntry) => Content | undefined {
  const wanted = entries.filter(
    ({ kind, sizeBytes }) => kind === 'file' && sizeBytes > 0 && sizeBytes <= smallFileBytes,
  );
  const asked = new Map<string, Promise<Uint8Array[]>>();
  let next = 0;
  const ask = (): void => {
    for (; next < wanted.length && asked.size < readAhead; next++) {
      const { path = '' } = wanted[next] ?? {};
      const bytes = Array.fromAsync(directory.read(path));
      bytes.catch(() => undefined);
      asked.set(path, bytes);
    }
  };
  return ({ path }) => {
    ask();
    const bytes = asked.get(path);
    if (bytes === undefined) return undefined;
    asked.delete(path);
    return (async function* () {
      yield* await bytes;
    })();
  };
}

/** A file that grew meanwhile is what it was when it was listed. */
async function* exactly({ path, sizeBytes }: FileEntry, content: Content): Content {
  let left = sizeBytes;
  for await (const chunk of content) {
    if (left > 0) yield chunk.subarray(0, left);
    left -= Math.min(left, chunk.length);
  }
  if (left > 0) throw new InvalidBuildError(`${path} shrank while it was sent`);
}
