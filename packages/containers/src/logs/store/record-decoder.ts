import { type LogStream, RecordRun } from './record-run.ts';

const head = Buffer.from('{"log":"');
const newline = 0x0a;
const backslash = 0x5c;
const letterN = 0x6e;
const quote = 0x22;
const brace = 0x7d;
const timeBytes = '2000-01-01T00:00:00.000000000Z'.length;
const closingBytes = '"}\n'.length;
/** Where a record's words for its two streams differ, counted from its tail. */
const streamLetterAt = '","stream":"std'.length;
const letterE = 0x65;

/** Reads records of the json-file format: those of one codec without a look at their JSON. */
export class RecordDecoder {
  readonly #details: string;
  readonly #tails: Readonly<Record<LogStream, KnownTail>>;
  /** Bytes after a line in a record of the codec's. */
  readonly #tailBytes: number;

  /** `written` is what the codec writes for the attributes, after the stream. */
  constructor(attributes: Readonly<Record<string, string>>, written: string) {
    this.#details = detailsText(attributes);
    const tail = (stream: LogStream): KnownTail => new KnownTail(`","stream":"${stream}"${written},"time":"`);
    this.#tails = { stdout: tail('stdout'), stderr: tail('stderr') };
    this.#tailBytes = this.#tails.stdout.sizeBytes + timeBytes + closingBytes;
  }

  /** See `RecordCodec.decodeAll`. */
  decodeAll(block: Buffer): { runs: RecordRun[]; end: number } {
    const runs: RecordRun[] = [];
    const view = new DataView(block.buffer, block.byteOffset, block.length);
    let run: RecordRun | undefined;
    let start = 0;
    for (let end = block.indexOf(newline); end >= 0; end = block.indexOf(newline, start)) {
      const tailAt = end + 1 - this.#tailBytes;
      const dataEnd = isPlain(view, start, tailAt) ? plainDataEnd(block, start, tailAt) : -1;
      const stream = dataEnd < 0 ? undefined : this.#plainStream(view, tailAt, end);
      if (stream === undefined) {
        run = decodeJson(block.subarray(start, end));
        if (run !== undefined) runs.push(run);
        run = undefined;
      } else {
        if (run?.stream !== stream) runs.push((run = this.#newRun(block, stream)));
        if (dataEnd < tailAt) block[dataEnd - 1] = newline;
        run.bounds.push(start + head.length, dataEnd);
      }
      start = end + 1;
    }
    return { runs, end: start };
  }

  /** The stream of a record whose tail is this codec's; undefined when it is not. */
  #plainStream(view: DataView, tailAt: number, end: number): LogStream | undefined {
    const stream = view.getUint8(tailAt + streamLetterAt) === letterE ? 'stderr' : 'stdout';
    const isClosed = view.getUint8(end - 2) === quote && view.getUint8(end - 1) === brace;
    return isClosed && this.#tails[stream].isAt(view, tailAt) ? stream : undefined;
  }

  #newRun(block: Buffer, stream: LogStream): RecordRun {
    const beforeTime = this.#tails[stream].sizeBytes;
    const known = { at: -1, text: '' };
    return new RecordRun({ stream, details: this.#details }, block, (end) => {
      // The second byte of a line's escaped newline is still there.
      const at = end + beforeTime + (block[end - 1] === newline ? 1 : 0);
      if (known.at < 0 || block.compare(block, known.at, known.at + timeBytes, at, at + timeBytes) !== 0) {
        known.text = block.toString('latin1', at, at + timeBytes);
        known.at = at;
      }
      return known.text;
    });
  }
}

/** What comes after the line, up to the time, in a record that was written by this codec. */
class KnownTail {
  readonly sizeBytes: number;
  /** Little-endian, the last one with bytes of the one before. */
  readonly #words: Int32Array;

  constructor(text: string) {
    const bytes = Buffer.from(text);
    this.sizeBytes = bytes.length;
    this.#words = new Int32Array(Math.ceil(bytes.length / 4));
    for (let index = 0; index < this.#words.length; index += 1) {
      this.#words[index] = bytes.readInt32LE(Math.min(index * 4, bytes.length - 4));
    }
  }

  isAt(view: DataView, at: number): boolean {
    const words = this.#words;
    const last = words.length - 1;
    for (let index = 0; index < last; index += 1) {
      if (view.getInt32(at + index * 4, true) !== words[index]) return false;
    }
    return view.getInt32(at + this.sizeBytes - 4, true) === words[last];
  }
}

function isPlain(view: DataView, start: number, tailAt: number): boolean {
  return (
    tailAt - start >= head.length &&
    view.getInt32(start, true) === headWords[0] &&
    view.getInt32(start + 4, true) === headWords[1]
  );
}

const headWords = [head.readInt32LE(0), head.readInt32LE(4)] as const;

/** Where the data of a record end of which nothing is escaped but its newline, of which one byte belongs to it; -1 otherwise. */
function plainDataEnd(block: Buffer, start: number, tailAt: number): number {
  const escape = block.indexOf(backslash, start + head.length);
  if (escape < 0 || escape >= tailAt) return tailAt;
  return escape === tailAt - 2 && block[tailAt - 1] === letterN ? tailAt - 1 : -1;
}

/** Any record of Docker's format. Undefined when it is damaged. */
function decodeJson(line: Buffer): RecordRun | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line.toString('utf8'));
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const { log, stream, time, raw, attrs } = value as Record<string, unknown>;
  if (typeof log !== 'string' || typeof time !== 'string') return undefined;
  if (stream !== 'stdout' && stream !== 'stderr') return undefined;
  const data = typeof raw === 'string' ? Buffer.from(raw, 'base64') : Buffer.from(log, 'utf8');
  const run = new RecordRun({ stream, details: detailsText(attrs) }, data, () => time);
  run.bounds.push(0, data.length);
  return run;
}

/** Names and values as Go's `url.QueryEscape` has them. */
function detailsText(attributes: unknown): string {
  if (typeof attributes !== 'object' || attributes === null) return '';
  return Object.entries(attributes)
    .toSorted(([left], [right]) => (left < right ? -1 : 1))
    .map(([name, value]) => `${queryEscape(name)}=${queryEscape(String(value))}`)
    .join(',');
}

function queryEscape(text: string): string {
  return new URLSearchParams([['', text]]).toString().slice(1).replaceAll('*', '%2A');
}
