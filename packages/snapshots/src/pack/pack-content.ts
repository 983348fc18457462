import { pathText } from '@gantry/kernel';
import {
  encodeTarHeader,
  type TarEntryInput,
  type TarSegment,
  tarPadding,
  tarStoredBytes,
} from '@gantry/oci';
import { UnpackableFileError } from '../errors.ts';
import { findSegments, minHoleBytes } from './find-segments.ts';
import type { PackedContent } from './packed-content.ts';

export type FileEntry = TarEntryInput & { sizeBytes: number };

/** A file to be read apart; `file` is open until the next step is asked for. */
export interface LargeFile {
  file: PackedContent;
  entry: FileEntry;
  shrinks: ShrinkPolicy;
  holes: HolePolicy;
}

/** What becomes of a file that turns out shorter than its header says: zeros in the place of what is missing, or an error. */
export type ShrinkPolicy = 'fill' | 'fail';

/** Whether runs of zeros are left out, which not every program that reads archives knows of, or are in it as the bytes that they are. */
export type HolePolicy = 'left-out' | 'filled';

/** Bytes of the archive, or a file whose header, content and padding come here. */
export type PackStep = Uint8Array | LargeFile;

/** Up to here a file is read at once on this thread: faster than asking another one. */
const smallFileBytes = 64 * 1024;
const readBytes = 1024 * 1024;

/** A regular file, open for reading; as many bytes of it as `entry` says. */
export function* packContent(
  file: PackedContent,
  entry: FileEntry,
  { shrinks, holes }: Pick<LargeFile, 'shrinks' | 'holes'>,
): Generator<PackStep, void, undefined> {
  if (entry.sizeBytes > smallFileBytes) {
    yield { file, entry, shrinks, holes };
    return;
  }
  yield encodeTarHeader(entry);
  const content = Buffer.alloc(entry.sizeBytes);
  if (file.readSync(content) < content.length) onShrink(entry, shrinks);
  yield content;
  yield tarPadding(entry.sizeBytes);
}

/** Read on pool threads, one piece ahead of what is asked for. Finding holes takes a reading of its own. */
export async function* packLargeFile({
  file,
  entry,
  shrinks,
  holes,
}: LargeFile): AsyncGenerator<Uint8Array, void, void> {
  const { sizeBytes } = entry;
  const mayHaveHoles = holes === 'left-out' && sizeBytes >= minHoleBytes;
  const segments = mayHaveHoles ? await findSegments(file, sizeBytes) : undefined;
  yield encodeTarHeader({ ...entry, segments });
  for await (const piece of readAhead(file, segments ?? [{ offset: 0, lengthBytes: sizeBytes }])) {
    yield wholePiece(piece, { entry, shrinks });
  }
  yield tarPadding(tarStoredBytes({ sizeBytes, segments }));
}

interface Piece {
  chunk: Buffer;
  /** What was asked for. */
  lengthBytes: number;
}

/** While one piece is used the next is read. */
async function* readAhead(
  file: PackedContent,
  segments: readonly TarSegment[],
): AsyncGenerator<Piece, void, void> {
  let reading: Promise<Piece> | undefined;
  try {
    for (const { offset, lengthBytes } of piecesOf(segments)) {
      const read = await reading;
      reading = file.read(offset, lengthBytes).then((chunk) => ({ chunk, lengthBytes }));
      // Whoever leaves in between does not hear of it.
      reading.catch(() => {});
      if (read !== undefined) yield read;
    }
    if (reading !== undefined) yield await reading;
  } finally {
    // The file is closed next.
    await reading?.catch(() => {});
  }
}

function* piecesOf(segments: readonly TarSegment[]): Generator<TarSegment, void, undefined> {
  for (const { offset, lengthBytes } of segments) {
    for (let done = 0; done < lengthBytes; done += readBytes) {
      yield { offset: offset + done, lengthBytes: Math.min(readBytes, lengthBytes - done) };
    }
  }
}

function wholePiece(
  { chunk, lengthBytes }: Piece,
  { entry, shrinks }: Pick<LargeFile, 'entry' | 'shrinks'>,
): Buffer {
  if (chunk.length === lengthBytes) return chunk;
  onShrink(entry, shrinks);
  return Buffer.concat([chunk], lengthBytes);
}

function onShrink(entry: FileEntry, shrinks: ShrinkPolicy): void {
  if (shrinks === 'fill') return;
  throw new UnpackableFileError(pathText(entry.name), 'it shrinks while it is packed');
}
