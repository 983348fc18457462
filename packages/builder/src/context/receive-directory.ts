import { posix } from 'node:path';
import type { PlainLayer } from '@gantry/images';
import { type Digest, encodeTarHeader, type TarEntryInput, tarEnd, tarPadding } from '@gantry/oci';
import type { ClientDirectory, DirectoryWish, FileEntry } from '../build-client.ts';
import type { BuilderEnvironment } from '../builder-environment.ts';
import { BuildOptionNotBuiltError, InvalidBuildError } from '../errors.ts';
import { mountLayers } from '../steps/layered-tree.ts';
import { holdLayer, storeLayer } from '../steps/layers.ts';
import { refuseMark } from '../transfer/add-archive.ts';
import { compareDirectory, type DirectoryChanges } from './compare-directory.ts';
import type { SourceRequest } from './source-request.ts';

/** From so many on a directory is received anew: looking through many layers costs more. */
const maxLayers = 12;
const maxEntries = 2_000_000;
/** Files up to this size are asked for together. */
const smallFileBytes = 128 * 1024;
const readAhead = 64;

/**
 * Takes a directory of the client's in, as layers. Of one that came before, under the client's shared key, only what changed is asked
 * for. Throws `InvalidBuildError` for what cannot be in a layer, and for a file that shrinks while it is read.
 */
export async function receiveDirectory(
  environment: BuilderEnvironment,
  { name, wish }: { name: string; wish: DirectoryWish },
  request: SourceRequest,
): Promise<readonly Digest[]> {
  const { client, signal } = request;
  if (client?.directory === undefined)
    throw new BuildOptionNotBuiltError('a directory of a client that lends none');
  await using directory = await client.directory(name, wish, { signal });
  const entries = await listed(directory);
  const kept = client.sharedKey === '' ? [] : await heldLayers(environment, name, request);
  const changes = kept.length === 0 ? undefined : await changesTo(environment, kept, entries);
  const isAnew = changes === undefined || hasLinks(changes) || kept.length >= maxLayers;
  const wanted = isAnew ? { changed: entries, removed: [] } : changes;
  const added = await storeLayer(environment, packEntries(directory, wanted), request);
  const layers = [...(isAnew ? [] : kept), ...(added === undefined ? [] : [added])];
  if (client.sharedKey !== '' && layers.length > 0)
    environment.directories.put(client.sharedKey, name, layers);
  return layers.map(({ diffId }) => diffId);
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

async function heldLayers(
  environment: BuilderEnvironment,
  name: string,
  { client, keep }: SourceRequest,
): Promise<readonly PlainLayer[]> {
  const layers = environment.directories.find(client?.sharedKey ?? '', name);
  for (const layer of layers) if (!(await holdLayer(environment, layer, keep))) return [];
  return layers;
}

async function changesTo(
  environment: BuilderEnvironment,
  kept: readonly PlainLayer[],
  entries: readonly FileEntry[],
): Promise<DirectoryChanges> {
  await using tree = await mountLayers(
    environment,
    kept.map(({ diffId }) => diffId),
  );
  using rooted = tree.open();
  return compareDirectory(rooted, entries);
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
