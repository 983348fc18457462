import { type TarEntry, TarParser } from '../src/index.ts';

/** An entry and its stored content, put together. */
export interface CollectedMember {
  entry: TarEntry;
  /** The name as text, for assertions on ASCII names. */
  name: string;
  content: Buffer;
  /** Where each piece of content belonged. */
  offsets: number[];
}

/** Parses a whole archive, fed in pieces of `chunkBytes`. */
export function collectTar(archive: Uint8Array, chunkBytes: number = archive.length): CollectedMember[] {
  const members: CollectedMember[] = [];
  let pieces: Uint8Array[] = [];
  let offsets: number[] = [];
  let current: TarEntry | undefined;
  const parser = new TarParser({
    entry: (entry) => {
      current = entry;
      pieces = [];
      offsets = [];
    },
    data: (chunk, offset) => {
      pieces.push(chunk.slice());
      offsets.push(offset);
    },
    end: () => {
      if (current === undefined) throw new Error('end without entry');
      const name = Buffer.from(current.name).toString();
      members.push({ entry: current, name, content: Buffer.concat(pieces), offsets });
      current = undefined;
    },
  });
  const step = Math.max(1, chunkBytes);
  for (let at = 0; at < archive.length; at += step) parser.write(archive.subarray(at, at + step));
  parser.finish();
  return members;
}
