import { randomUUID } from 'node:crypto';
import { closeSync, createReadStream, createWriteStream, openSync, readSync, rmSync } from 'node:fs';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { constants, createGunzip, gunzip } from 'node:zlib';
import { isErrno } from '@gantry/kernel';
import type { LogSegment } from './log-files.ts';

const blockBytes = 256 * 1024;
/** Holds at least one record, compressed. */
const beginningBytes = 128 * 1024;

/**
 * A descriptor on a file's plain bytes, which the caller closes; undefined when the file is gone. A compressed file is
 * unpacked, by threads, into a file without a name. The file is opened before this returns: rotation changes nothing.
 */
export async function openSegment(segment: LogSegment): Promise<number | undefined> {
  const descriptor = openFile(segment.path);
  if (descriptor === undefined || !segment.compressed) return descriptor;
  const plainPath = path.join(path.dirname(segment.path), `log-reading-${randomUUID()}`);
  const plain = openSync(plainPath, 'wx+', 0o600);
  rmSync(plainPath);
  try {
    await pipeline(
      createReadStream('', { fd: descriptor, start: 0, highWaterMark: blockBytes }),
      createGunzip({ chunkSize: blockBytes }),
      createWriteStream('', { fd: plain, start: 0, autoClose: false }),
    );
  } catch (error) {
    closeSync(plain);
    throw error;
  }
  return plain;
}

/** The first bytes of a file; empty when it is gone. */
export async function readBeginning(segment: LogSegment): Promise<Buffer> {
  const descriptor = openFile(segment.path);
  if (descriptor === undefined) return Buffer.alloc(0);
  const bytes = Buffer.allocUnsafe(beginningBytes);
  const count = readSync(descriptor, bytes, 0, bytes.length, 0);
  closeSync(descriptor);
  const beginning = bytes.subarray(0, count);
  // What follows the beginning is missing, which a plain flush at the end does not mind.
  return segment.compressed
    ? await promisify(gunzip)(beginning, { finishFlush: constants.Z_SYNC_FLUSH })
    : beginning;
}

function openFile(file: string): number | undefined {
  try {
    return openSync(file, 'r');
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
}
