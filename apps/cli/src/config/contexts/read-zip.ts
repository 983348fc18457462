import { crc32, inflateRawSync } from 'node:zlib';
import { CommandError } from '../../errors.ts';

/** Docker takes no larger context. */
const maxFileBytes = 10 * 1024 * 1024;
const endMagic = 0x06054b50;
const entryMagic = 0x02014b50;
const endBytes = 22;
const entryBytes = 46;
const localBytes = 30;
const maxCommentBytes = 65_535;

/**
 * The files of a small zip archive, by its central directory (APPNOTE 4.3.12 and 4.3.16): stored and deflated ones, directories
 * left out. Throws `CommandError` for anything else: encrypted, ZIP64, damaged.
 */
export function* readZip(archive: Buffer): Generator<{ path: string; content: Uint8Array }> {
  const end = findEnd(archive);
  const count = archive.readUInt16LE(end + 10);
  let at = archive.readUInt32LE(end + 16);
  for (let index = 0; index < count; index += 1) {
    if (at + entryBytes > archive.length || archive.readUInt32LE(at) !== entryMagic)
      throw damaged('directory');
    const nameBytes = archive.readUInt16LE(at + 28);
    const path = archive.toString('utf8', at + entryBytes, at + entryBytes + nameBytes);
    if (!path.endsWith('/')) yield { path, content: readContent(archive, at, path) };
    at += entryBytes + nameBytes + archive.readUInt16LE(at + 30) + archive.readUInt16LE(at + 32);
  }
}

function findEnd(archive: Buffer): number {
  const first = Math.max(0, archive.length - endBytes - maxCommentBytes);
  for (let at = archive.length - endBytes; at >= first; at -= 1) {
    if (archive.readUInt32LE(at) === endMagic) return at;
  }
  throw damaged('no end of directory');
}

function readContent(archive: Buffer, entry: number, path: string): Uint8Array {
  const isEncrypted = (archive.readUInt16LE(entry + 8) & 1) !== 0;
  const method = archive.readUInt16LE(entry + 10);
  const sum = archive.readUInt32LE(entry + 16);
  const packedBytes = archive.readUInt32LE(entry + 20);
  const local = archive.readUInt32LE(entry + 42);
  if (isEncrypted || (method !== 0 && method !== 8))
    throw damaged(`${path} is packed in a way that is not known`);
  if (local + localBytes > archive.length) throw damaged(path);
  const start = local + localBytes + archive.readUInt16LE(local + 26) + archive.readUInt16LE(local + 28);
  const packed = archive.subarray(start, start + packedBytes);
  const content = method === 0 ? packed : inflate(packed, path);
  if (packed.length !== packedBytes || crc32(content) !== sum) throw damaged(`${path} is damaged`);
  return content;
}

function inflate(packed: Buffer, path: string): Buffer {
  try {
    return inflateRawSync(packed, { maxOutputLength: maxFileBytes });
  } catch (error) {
    throw damaged(`${path}: ${(error as Error).message}`);
  }
}

function damaged(what: string): CommandError {
  return new CommandError(1, `invalid context: bad zip archive: ${what}`);
}
