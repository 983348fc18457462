import {
  closeSync,
  constants,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  read,
  readSync,
  renameSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';
import type { EventMessage } from '@gantry/api-types';
import { errorMessage, type Logger } from '@gantry/base';
import { isErrno } from '@gantry/kernel';
import type { EventHistory, StampedEvent } from './event-history.ts';

/** Two files of this size are kept: the one being written, and the one before. About 20,000 events. */
const defaultFileBytes = 4 * 1024 * 1024;
const blockBytes = 256 * 1024;
/** Longer than any event: of labels, say. */
const longestEventBytes = 1024 * 1024;
const stampDigits = 20;
/** Stands first in each file; another version is left alone under another name. */
const header = '{"gantryEvents":1}\n';
const newline = 0x0a;

export interface EventFileOptions {
  /** Made when it is missing. */
  directory: string;
  logger: Logger;
  maxFileBytes?: number;
}

/**
 * Events on disk: a line each, the time in 20 digits, then the message as JSON. An event is in the file, as the kernel
 * sees it, before anybody is told of it: kill -9 loses none. Nothing is synced: a power cut may take the last seconds.
 * A line that was torn is cut off when the file is opened.
 */
export class EventFile implements EventHistory {
  readonly #path: string;
  readonly #logger: Logger;
  readonly #maxFileBytes: number;
  #descriptor: number;
  #size: number;
  #lastNs: bigint;
  #failing = false;

  constructor({ directory, logger, maxFileBytes = defaultFileBytes }: EventFileOptions) {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    this.#path = path.join(directory, 'events.log');
    this.#logger = logger;
    this.#maxFileBytes = maxFileBytes;
    this.#descriptor = openForAppend(this.#path);
    this.#size = this.#mend();
    this.#lastNs = lastTime(this.#descriptor, this.#size) || this.#lastOfPrevious();
  }

  get lastNs(): bigint {
    return this.#lastNs;
  }

  append({ timeNs, message }: StampedEvent): void {
    this.#lastNs = timeNs;
    const line = Buffer.from(`${String(timeNs).padStart(stampDigits, '0')} ${JSON.stringify(message)}\n`);
    try {
      if (this.#size + line.length > this.#maxFileBytes && this.#size > header.length) this.#rotate();
      const written = writeSync(this.#descriptor, line);
      if (written < line.length) throw new Error('the disk is full');
      this.#size += line.length;
      this.#failing = false;
    } catch (error) {
      this.#reportOnce(error);
      ftruncateSync(this.#descriptor, this.#size);
    }
  }

  async *read(sinceNs: bigint, untilNs: bigint): AsyncGenerator<StampedEvent, void, undefined> {
    const first = stampText(sinceNs);
    const last = stampText(untilNs);
    // Opened before the first wait, so that rotation takes nothing away.
    const files = [`${this.#path}.1`, this.#path].map(openToRead).filter((file) => file !== undefined);
    try {
      for (const descriptor of files) {
        for await (const lines of readLines(descriptor)) {
          for (const line of lines) {
            const stamp = line.toString('latin1', 0, stampDigits);
            if (stamp < first || stamp > last) continue;
            const event = parseLine(line);
            if (event !== undefined) yield event;
          }
        }
      }
    } finally {
      for (const descriptor of files) closeSync(descriptor);
    }
  }

  [Symbol.dispose](): void {
    closeSync(this.#descriptor);
  }

  #rotate(): void {
    renameSync(this.#path, `${this.#path}.1`);
    const descriptor = openForAppend(this.#path);
    closeSync(this.#descriptor);
    this.#descriptor = descriptor;
    writeSync(descriptor, header);
    this.#size = header.length;
  }

  /** Makes a new file whole, cuts a torn line off, and sets aside what is none of ours. Returns the size. */
  #mend(): number {
    const { size } = fstatSync(this.#descriptor);
    const begin = readAt(this.#descriptor, 0, header.length).toString('latin1');
    if (size > 0 && begin !== header) {
      if (!header.startsWith(begin)) {
        this.#logger.warn('the file of events is of another version, or damaged, and was set aside', {
          path: this.#path,
        });
        renameSync(this.#path, `${this.#path}.set-aside`);
        closeSync(this.#descriptor);
        this.#descriptor = openForAppend(this.#path);
      } else ftruncateSync(this.#descriptor, 0);
    }
    if (begin !== header) {
      writeSync(this.#descriptor, header);
      return header.length;
    }
    const end = readAt(this.#descriptor, Math.max(0, size - longestEventBytes), longestEventBytes);
    const torn = end.length - 1 - end.lastIndexOf(newline);
    if (torn > 0) ftruncateSync(this.#descriptor, size - torn);
    return size - torn;
  }

  #lastOfPrevious(): bigint {
    const descriptor = openToRead(`${this.#path}.1`);
    if (descriptor === undefined) return 0n;
    try {
      return lastTime(descriptor, fstatSync(descriptor).size);
    } finally {
      closeSync(descriptor);
    }
  }

  #reportOnce(error: unknown): void {
    if (this.#failing) return;
    this.#failing = true;
    this.#logger.error('events are not kept', { path: this.#path, error: errorMessage(error) });
  }
}

function openForAppend(file: string): number {
  return openSync(file, constants.O_RDWR | constants.O_CREAT | constants.O_APPEND, 0o600);
}

function openToRead(file: string): number | undefined {
  try {
    return openSync(file, 'r');
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
}

/** The time of the last line; 0 when there is none. */
function lastTime(descriptor: number, size: number): bigint {
  const start = Math.max(0, size - longestEventBytes);
  const end = readAt(descriptor, start, size - start);
  const line = end.subarray(end.lastIndexOf(newline, end.length - 2) + 1);
  return /^\d{20} /.test(line.toString('latin1', 0, stampDigits + 1))
    ? BigInt(line.toString('latin1', 0, stampDigits))
    : 0n;
}

function readAt(descriptor: number, position: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  return bytes.subarray(0, readSync(descriptor, bytes, 0, length, position));
}

/** The whole lines of a file, without their newlines, a block's worth at a time. */
async function* readLines(descriptor: number): AsyncGenerator<Buffer[], void, undefined> {
  let carried: Buffer = Buffer.alloc(0);
  for (let position = 0; ; ) {
    const bytes = await readBlock(descriptor, position);
    if (bytes.length === 0) return;
    position += bytes.length;
    const block = Buffer.concat([carried, bytes]);
    const lines: Buffer[] = [];
    let start = 0;
    for (let end = block.indexOf(newline); end >= 0; end = block.indexOf(newline, start)) {
      lines.push(block.subarray(start, end));
      start = end + 1;
    }
    carried = block.subarray(start);
    yield lines;
  }
}

function readBlock(descriptor: number, position: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    read(descriptor, Buffer.allocUnsafe(blockBytes), 0, blockBytes, position, (error, count, buffer) => {
      if (error) reject(error);
      else resolve(buffer.subarray(0, count));
    });
  });
}

/** Undefined for a line that is damaged. */
function parseLine(line: Buffer): StampedEvent | undefined {
  try {
    const timeNs = BigInt(line.toString('latin1', 0, stampDigits));
    return { timeNs, message: JSON.parse(line.toString('utf8', stampDigits + 1)) as EventMessage };
  } catch {
    return undefined;
  }
}

/** Times as text of one length compare as numbers do. */
function stampText(timeNs: bigint): string {
  const longest = 10n ** BigInt(stampDigits) - 1n;
  const bounded = timeNs < 0n ? 0n : timeNs > longest ? longest : timeNs;
  return String(bounded).padStart(stampDigits, '0');
}
