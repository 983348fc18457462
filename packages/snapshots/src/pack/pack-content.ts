import { readSync } from 'node:fs';
import { type Descriptor, type Directory, openFlags, pathText, statAt } from '@gantry/kernel';
import { encodeTarHeader, type TarEntryInput, tarPadding, tarStoredBytes } from '@gantry/oci';
import { UnpackableFileError } from '../errors.ts';
import { findSegments, minHoleBytes } from './find-segments.ts';
import { readAt } from './read-at.ts';

export type FileEntry = TarEntryInput & { sizeBytes: number };

/** A file to be read apart; `file` is open until the next step is asked for. */
export interface LargeFile {
  file: Descriptor;
  entry: FileEntry;
}

/** Bytes of the archive, or a file whose header, content and padding come here. */
export type PackStep = Uint8Array | LargeFile;

/** Up to here a file is read at once on this thread: faster than asking another one. */
const smallFileBytes = 64 * 1024;
const readBytes = 512 * 1024;

/** A regular file. */
export function* packContent(
  directory: Directory,
  name: Uint8Array,
  entry: FileEntry,
): Generator<PackStep, void, undefined> {
  if (entry.sizeBytes === 0) {
    yield encodeTarHeader(entry);
    return;
  }
  using file = openFile(directory, name);
  if (entry.sizeBytes > smallFileBytes) {
    yield { file, entry };
    return;
  }
  yield encodeTarHeader(entry);
  const content = Buffer.allocUnsafe(entry.sizeBytes);
  if (readSync(file.fd, content, 0, content.length, 0) < content.length) throw shrunk(entry);
  yield content;
  yield tarPadding(entry.sizeBytes);
}

/** Read on pool threads; holes are found and left out. */
export async function* packLargeFile({ file, entry }: LargeFile): AsyncGenerator<Uint8Array, void, void> {
  const { sizeBytes } = entry;
  const segments = sizeBytes >= minHoleBytes ? await findSegments(file, sizeBytes) : undefined;
  yield encodeTarHeader({ ...entry, segments });
  for (const { offset, lengthBytes } of segments ?? [{ offset: 0, lengthBytes: sizeBytes }]) {
    for (let at = offset; at < offset + lengthBytes; ) {
      const chunk = await readAt(file, at, Math.min(readBytes, offset + lengthBytes - at));
      if (chunk.length === 0) throw shrunk(entry);
      yield chunk;
      at += chunk.length;
    }
  }
  yield tarPadding(tarStoredBytes({ sizeBytes, segments }));
}

/** A device that a container puts in the file's place meanwhile is never opened: it might be the host's disk. */
function openFile(directory: Directory, name: Uint8Array): Descriptor {
  using place = directory.open(name, { flags: openFlags.path | openFlags.noFollow });
  if (statAt(place.fd, '').kind !== 'file') {
    throw new UnpackableFileError(pathText(name), 'it is replaced while it is packed');
  }
  return place.reopen(openFlags.readOnly);
}

function shrunk(entry: FileEntry): UnpackableFileError {
  return new UnpackableFileError(pathText(entry.name), 'it shrinks while it is packed');
}
