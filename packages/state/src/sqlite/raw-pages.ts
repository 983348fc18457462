import { existsSync, readFileSync } from 'node:fs';
import { pageBytes } from './database.ts';

/** The pages of a database file with its log applied, read without SQLite: for files that it refuses. */
export interface RawPages {
  /** Pages are numbered from 1. */
  readonly count: number;
  page(number: number): Buffer | undefined;
}

const walHeaderBytes = 32;
const frameHeaderBytes = 24;
const magicLittleEndian = 0x377f0682;
const magicBigEndian = 0x377f0683;

/** Reads `file` and `file`-wal, as far as they are there. */
export function readRawPages(file: string): RawPages {
  const main = existsSync(file) ? readFileSync(file) : Buffer.alloc(0);
  const log = readLog(file);
  dropImpossible(log, Math.floor(main.length / pageBytes));
  const count = Math.max(Math.floor(main.length / pageBytes), ...log.pages.keys());
  const page = (number: number): Buffer | undefined => {
    const start = (number - 1) * pageBytes;
    const fromMain = start + pageBytes <= main.length ? main.subarray(start, start + pageBytes) : undefined;
    return log.pages.get(number) ?? fromMain;
  };
  return { count, page };
}

/**
 * `user_version` of the header; undefined when there is no header, or one with a number that no program will ever
 * reach.
 */
export function storedVersion(pages: RawPages): number | undefined {
  const header = pages.page(1);
  if (header?.toString('latin1', 0, 16) !== 'SQLite format 3\0') return undefined;
  const version = header.readUInt32BE(60);
  return version < 1000 ? version : undefined;
}

/**
 * What is wrong with the header of the first page, in words; undefined when nothing is. SQLite takes some wrong headers
 * (another write version) as a database that may only be read, and an empty file as a new one.
 */
export function findHeaderDamage(pages: RawPages): string | undefined {
  const header = pages.page(1);
  if (header === undefined) return 'it has no whole page';
  if (header.toString('latin1', 0, 16) !== 'SQLite format 3\0') return 'it does not begin as a database';
  const [writeVersion, readVersion] = header.subarray(18, 20);
  const isFixedRight = header.readUInt16BE(16) === pageBytes && header.readUInt32BE(20) === 0x00402020;
  const isVersionRight = writeVersion === readVersion && (writeVersion === 1 || writeVersion === 2);
  return isFixedRight && isVersionRight ? undefined : 'its header is damaged';
}

/**
 * True when `file`-wal has a damaged frame in its middle. SQLite takes the log as ended there, in silence, and would
 * drop acknowledged changes behind it. (A damaged last transaction looks like one that a crash cut off.)
 */
export function isLogDamaged(file: string): boolean {
  return readLog(file).isDamaged;
}

interface Log {
  /** The newest copy of each page. */
  pages: Map<number, Buffer>;
  frameCount: number;
  isDamaged: boolean;
}

interface Frame {
  number: number;
  isCommit: boolean;
  isCurrent: boolean;
  isValid: boolean;
  page: Buffer;
}

function readLog(file: string): Log {
  const log: Log = { pages: new Map(), frameCount: 0, isDamaged: false };
  const wal = existsSync(`${file}-wal`) ? readFileSync(`${file}-wal`) : Buffer.alloc(0);
  if (wal.length < walHeaderBytes + frameHeaderBytes + pageBytes) return log;
  const frames = readFrames(wal);
  log.frameCount = frames.length;
  const firstInvalid = frames.findIndex((frame) => !frame.isValid);
  const validCount = firstInvalid === -1 ? frames.length : firstInvalid;
  const behind = frames.slice(validCount).filter((frame) => frame.isCurrent);
  const nextCommit = behind.findIndex((frame) => frame.isCommit);
  log.isDamaged = nextCommit !== -1 && nextCommit < behind.length - 1;
  applyFrames(log.pages, frames.slice(0, validCount));
  // Nothing vouches for these but the checksums of the rows in them.
  if (log.isDamaged) applyFrames(log.pages, behind);
  return log;
}

/** Each frame makes a database one page longer at most; a number beyond that is damage. */
function dropImpossible({ pages, frameCount }: Log, mainCount: number): void {
  for (const number of pages.keys()) {
    if (number === 0 || number > mainCount + frameCount) pages.delete(number);
  }
}

function applyFrames(pages: Map<number, Buffer>, frames: readonly Frame[]): void {
  const lastCommit = frames.findLastIndex((frame) => frame.isCommit);
  for (const { number, page } of frames.slice(0, lastCommit + 1)) pages.set(number, page);
}

/** All frames of a write-ahead log (sqlite.org/fileformat2.html, section 4), of earlier rounds too. */
function readFrames(wal: Buffer): Frame[] {
  const isBigEndian = wal.readUInt32BE(0) === magicBigEndian;
  const frameBytes = frameHeaderBytes + pageBytes;
  let sum = checksum(wal.subarray(0, 24), [0, 0], isBigEndian);
  const hasHeader =
    (isBigEndian || wal.readUInt32BE(0) === magicLittleEndian) &&
    wal.readUInt32BE(8) === pageBytes &&
    sum[0] === wal.readUInt32BE(24) &&
    sum[1] === wal.readUInt32BE(28);
  // Without a header the first frame tells the salt of this round.
  const salt = hasHeader ? wal.subarray(16, 24) : wal.subarray(walHeaderBytes + 8, walHeaderBytes + 16);
  const frames: Frame[] = [];
  let isChainWhole = hasHeader;
  for (let at = walHeaderBytes; at + frameBytes <= wal.length; at += frameBytes) {
    const header = wal.subarray(at, at + frameHeaderBytes);
    const page = wal.subarray(at + frameHeaderBytes, at + frameBytes);
    const isCurrent = header.subarray(8, 16).equals(salt);
    sum = checksum(page, checksum(header.subarray(0, 8), sum, isBigEndian), isBigEndian);
    const isSumRight = header.readUInt32BE(16) === sum[0] && header.readUInt32BE(20) === sum[1];
    isChainWhole &&= isCurrent && isSumRight;
    const number = header.readUInt32BE(0);
    frames.push({ number, isCommit: header.readUInt32BE(4) !== 0, isCurrent, isValid: isChainWhole, page });
  }
  return frames;
}

type Sum = [number, number];

function checksum(bytes: Buffer, [first, second]: Sum, isBigEndian: boolean): Sum {
  let sums: Sum = [first, second];
  for (let at = 0; at + 8 <= bytes.length; at += 8) {
    const [left, right] = isBigEndian
      ? [bytes.readUInt32BE(at), bytes.readUInt32BE(at + 4)]
      : [bytes.readUInt32LE(at), bytes.readUInt32LE(at + 4)];
    const one = (sums[0] + left + sums[1]) >>> 0;
    sums = [one, (sums[1] + right + one) >>> 0];
  }
  return sums;
}
