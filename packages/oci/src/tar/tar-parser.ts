import { CorruptTarError } from '../errors.ts';
import { isZeroBlock, type RawHeader, readHeader } from './header.ts';
import { blockBytes, fields, metadataLimitBytes } from './layout.ts';
import { type Extensions, type MergedEntry, mergeEntry } from './merge-entry.ts';
import { readNumber } from './numeric.ts';
import { type PaxRecords, parsePax } from './pax.ts';
import { checkSegments, readGnuSparse, SparseBlockReader } from './sparse.ts';
import type { TarEntry, TarSegment } from './tar-entry.ts';

/** Called in order for each member: `entry`, `data` any number of times, `end`. What it throws ends the parsing. */
export interface TarHandler {
  entry(entry: TarEntry): void;
  /**
   * Content of a file, never empty: `chunk` belongs at `offset` of the file (the holes of a sparse file are jumped
   * over, so the file must be given its `sizeBytes` at `end`). `chunk` is a view into what was fed: copy what outlives the call.
   */
  data(chunk: Uint8Array, offset: number): void;
  end(): void;
}

type State = 'header' | 'metadata' | 'gnu-sparse' | 'sparse-blocks' | 'data' | 'padding' | 'end';

/**
 * A push parser of tar archives: v7, ustar, star, GNU (long names, base-256, sparse) and PAX (local and global records,
 * xattrs, sparse 0.0, 0.1 and 1.0). Synchronous, and copies no content.
 *
 * ```ts
 * const parser = new TarParser(handler);
 * for (const chunk of chunks) parser.write(chunk);
 * parser.finish();
 * ```
 *
 * Reads as Docker does: types that it does not know are refused, and what follows the end marker is not looked at.
 */
export class TarParser {
  readonly #handler: TarHandler;
  #state: State = 'header';
  /** Bytes of all chunks before the current one. */
  #consumedBytes = 0;
  #position = 0;
  /** A block that came in pieces. */
  readonly #block = new Uint8Array(blockBytes);
  #blockFill = 0;
  #sawZeroBlock = false;

  #metadata: Uint8Array = new Uint8Array(0);
  #metadataFill = 0;
  #metadataType = 0;
  #extensions: Extensions = { longName: undefined, longLink: undefined, local: undefined, global: undefined };
  #globalBytes = 0;

  #merged: MergedEntry | undefined;
  #gnuNumbers: number[] = [];
  #sparseBlocks: SparseBlockReader | undefined;

  #segments: readonly TarSegment[] = [];
  #segmentIndex = 0;
  /** What is left of the current segment, and where in the file it goes on. */
  #segmentLeft = 0;
  #fileOffset = 0;
  #paddingLeft = 0;

  constructor(handler: TarHandler) {
    this.#handler = handler;
  }

  /** While `entry` is called: how many bytes come before the entry's content. */
  get position(): number {
    return this.#position;
  }

  /** True once the end marker was read: further bytes are accepted and dropped. */
  get ended(): boolean {
    return this.#state === 'end';
  }

  /** Parses as far as the bytes go. Throws `CorruptTarError`, or what the handler throws; the parser is of no use then. */
  write(bytes: Uint8Array): void {
    // A Buffer's slice() does not copy: work on the plain array.
    const chunk = Buffer.isBuffer(bytes)
      ? new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
      : bytes;
    let at = 0;
    try {
      while (at < chunk.length && this.#state !== 'end') at = this.#step(chunk, at);
    } catch (error) {
      if (!(error instanceof CorruptTarError) || error.details['offset'] !== undefined) throw error;
      throw new CorruptTarError(String(error.details['reason']), this.#consumedBytes + at);
    }
    this.#consumedBytes += chunk.length;
  }

  /**
   * Says that no more bytes come. Throws `CorruptTarError` when a member is cut short; a missing end marker is
   * tolerated, as by GNU tar and Go.
   */
  finish(): void {
    const { longName, longLink, local } = this.#extensions;
    const isPending = longName !== undefined || longLink !== undefined || local !== undefined;
    const isMidway = this.#state !== 'header' && this.#state !== 'end' && this.#state !== 'padding';
    if (isMidway || isPending || this.#blockFill > 0) {
      throw new CorruptTarError('it ends in the middle of an entry', this.#consumedBytes);
    }
  }

  /** Consumes something from `at` and returns where to go on. */
  #step(chunk: Uint8Array, at: number): number {
    switch (this.#state) {
      case 'data':
        return this.#takeData(chunk, at);
      case 'padding': {
        const taken = Math.min(this.#paddingLeft, chunk.length - at);
        this.#paddingLeft -= taken;
        if (this.#paddingLeft === 0) this.#state = 'header';
        return at + taken;
      }
      case 'metadata':
        return this.#takeMetadata(chunk, at);
      case 'header':
      case 'gnu-sparse':
      case 'sparse-blocks':
        return this.#takeBlock(chunk, at);
      case 'end':
      default:
        return chunk.length;
    }
  }

  #takeBlock(chunk: Uint8Array, at: number): number {
    if (this.#blockFill === 0 && chunk.length - at >= blockBytes) {
      this.#position = this.#consumedBytes + at + blockBytes;
      this.#onBlock(chunk, at);
      return at + blockBytes;
    }
    const taken = Math.min(blockBytes - this.#blockFill, chunk.length - at);
    this.#block.set(chunk.subarray(at, at + taken), this.#blockFill);
    this.#blockFill += taken;
    if (this.#blockFill === blockBytes) {
      this.#blockFill = 0;
      this.#position = this.#consumedBytes + at + taken;
      this.#onBlock(this.#block, 0);
    }
    return at + taken;
  }

  #onBlock(bytes: Uint8Array, base: number): void {
    if (this.#state === 'header') {
      this.#onHeader(bytes, base);
    } else if (this.#state === 'gnu-sparse') {
      if (!readGnuSparse(bytes, base, 'extension', this.#gnuNumbers)) this.#startGnuSparse();
    } else if (this.#sparseBlocks?.push(bytes, base) === true) {
      const { numbers } = this.#sparseBlocks;
      this.#sparseBlocks = undefined;
      this.#startSparse(numbers);
    } else {
      this.#reserveSparseBlock();
    }
  }

  #onHeader(bytes: Uint8Array, base: number): void {
    if (bytes[base] === 0 && isZeroBlock(bytes, base)) {
      if (this.#sawZeroBlock) this.#state = 'end';
      this.#sawZeroBlock = true;
      return;
    }
    if (this.#sawZeroBlock) throw new CorruptTarError('a lone zero block');
    const raw = readHeader(bytes, base);
    switch (raw.type) {
      case 0x78: // x
      case 0x67: // g
      case 0x4c: // L
      case 0x4b: // K
        this.#startMetadata(raw);
        return;
      default:
        this.#startEntry(raw, bytes, base);
    }
  }

  #startMetadata(raw: RawHeader): void {
    if (raw.sizeBytes < 0 || raw.sizeBytes > metadataLimitBytes) {
      throw new CorruptTarError(`an extended header of ${raw.sizeBytes} bytes`);
    }
    this.#metadataType = raw.type;
    this.#metadata = new Uint8Array(raw.sizeBytes);
    this.#metadataFill = 0;
    this.#paddingLeft = paddingOf(raw.sizeBytes);
    if (raw.sizeBytes > 0) this.#state = 'metadata';
    else this.#endMetadata();
  }

  #takeMetadata(chunk: Uint8Array, at: number): number {
    const taken = Math.min(this.#metadata.length - this.#metadataFill, chunk.length - at);
    this.#metadata.set(chunk.subarray(at, at + taken), this.#metadataFill);
    this.#metadataFill += taken;
    if (this.#metadataFill === this.#metadata.length) this.#endMetadata();
    return at + taken;
  }

  #endMetadata(): void {
    const bytes = this.#metadata;
    this.#metadata = new Uint8Array(0);
    if (this.#metadataType === 0x78) this.#extensions.local = parsePax(bytes);
    else if (this.#metadataType === 0x67) this.#mergeGlobal(bytes);
    else if (this.#metadataType === 0x4c) this.#extensions.longName = untilNul(bytes);
    else this.#extensions.longLink = untilNul(bytes);
    this.#state = this.#paddingLeft > 0 ? 'padding' : 'header';
  }

  #mergeGlobal(bytes: Uint8Array): void {
    this.#globalBytes += bytes.length;
    if (this.#globalBytes > metadataLimitBytes) throw new CorruptTarError('too many global PAX records');
    const added = parsePax(bytes);
    if (added.sparse.numbers.length > 0) throw new CorruptTarError('a sparse map among global PAX records');
    const previous: PaxRecords | undefined = this.#extensions.global;
    this.#extensions.global = {
      values: new Map([...(previous?.values ?? []), ...added.values]),
      sparse: added.sparse,
    };
  }

  #startEntry(raw: RawHeader, bytes: Uint8Array, base: number): void {
    const merged = mergeEntry(raw, this.#extensions);
    this.#merged = merged;
    this.#extensions = { ...this.#extensions, longName: undefined, longLink: undefined, local: undefined };
    if (raw.type === 0x53) {
      merged.entry.sizeBytes = readNumber(bytes, base, fields.gnuRealSize);
      this.#gnuNumbers = [];
      if (readGnuSparse(bytes, base, 'header', this.#gnuNumbers)) this.#state = 'gnu-sparse';
      else this.#startGnuSparse();
    } else if (merged.entry.type !== 'file') {
      merged.entry.sizeBytes = 0;
      merged.memberBytes = 0;
      this.#startContent(undefined);
    } else if (merged.sparse === 'none') {
      this.#startContent(undefined);
    } else if (merged.sparse === 'records') {
      this.#startSparse(merged.sparseNumbers);
    } else {
      this.#sparseBlocks = new SparseBlockReader();
      this.#state = 'sparse-blocks';
      this.#reserveSparseBlock();
    }
  }

  /** Takes the next block of a 1.0 map out of the member's size. */
  #reserveSparseBlock(): void {
    const merged = this.#merged as MergedEntry;
    merged.memberBytes -= blockBytes;
    if (merged.memberBytes < 0) throw new CorruptTarError('a sparse map is longer than its file');
  }

  #startGnuSparse(): void {
    const numbers = this.#gnuNumbers;
    this.#gnuNumbers = [];
    this.#startSparse(numbers);
  }

  #startSparse(numbers: number[]): void {
    const { entry, memberBytes } = this.#merged as MergedEntry;
    this.#startContent(checkSegments(numbers, entry.sizeBytes, memberBytes));
  }

  #startContent(segments: readonly TarSegment[] | undefined): void {
    const { entry, memberBytes } = this.#merged as MergedEntry;
    this.#merged = undefined;
    entry.segments = segments;
    this.#paddingLeft = paddingOf(memberBytes);
    this.#segments = segments ?? [];
    this.#segmentIndex = 0;
    this.#fileOffset = 0;
    this.#segmentLeft = segments === undefined ? memberBytes : 0;
    this.#handler.entry(entry);
    if (memberBytes === 0) this.#endContent();
    else this.#state = 'data';
  }

  #takeData(chunk: Uint8Array, at: number): number {
    const segment = this.#segments[this.#segmentIndex];
    if (this.#segmentLeft === 0 && segment !== undefined) {
      this.#segmentLeft = segment.lengthBytes;
      this.#fileOffset = segment.offset;
      this.#segmentIndex += 1;
    }
    const taken = Math.min(this.#segmentLeft, chunk.length - at);
    const offset = this.#fileOffset;
    this.#segmentLeft -= taken;
    this.#fileOffset += taken;
    this.#handler.data(chunk.subarray(at, at + taken), offset);
    if (this.#segmentLeft === 0 && this.#segmentIndex >= this.#segments.length) this.#endContent();
    return at + taken;
  }

  #endContent(): void {
    this.#state = this.#paddingLeft > 0 ? 'padding' : 'header';
    this.#handler.end();
  }
}

function paddingOf(sizeBytes: number): number {
  return (blockBytes - (sizeBytes % blockBytes)) % blockBytes;
}

function untilNul(bytes: Uint8Array): Uint8Array {
  const end = bytes.indexOf(0);
  const name = end === -1 ? bytes : bytes.subarray(0, end);
  if (name.length === 0) throw new CorruptTarError('a long name is empty');
  return name;
}
