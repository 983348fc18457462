import type { Query, RefusedQuery } from './query.ts';
import { classes, headerBytes, headerFlags, type ResponseCode, recordTypes } from './registry.ts';

/** A record about the name that was asked for. */
export interface AnswerRecord {
  type: number;
  data: Buffer;
}

/** Docker's: ten minutes. */
const timeToLiveSeconds = 600;
const recordHeadBytes = 12;
/** The root's name, the type, our size, no extended code, version 0, no flags, no options. */
const optRecord = Buffer.from([0, 0, recordTypes.OPT, 0x10, 0, 0, 0, 0, 0, 0, 0]);

/**
 * The answer to `query`, no longer than `longestBytes`: records that do not fit are left out, and the answer says that it
 * is truncated. Recursion is told as available, as Docker tells it.
 */
export function writeAnswer(
  query: Query,
  {
    code,
    records = [],
    longestBytes,
  }: { code: ResponseCode; records?: readonly AnswerRecord[]; longestBytes: number },
): Buffer {
  const opt = query.edns ? optRecord : Buffer.alloc(0);
  const fixedBytes = headerBytes + query.question.length + opt.length;
  let freeBytes = longestBytes - fixedBytes;
  const fitting = records.findIndex(({ data }) => (freeBytes -= recordHeadBytes + data.length) < 0);
  const written = fitting === -1 ? records : records.slice(0, fitting);
  const truncated = written.length < records.length ? headerFlags.truncated : 0;
  const head = writeHeader(query, code | truncated, [1, written.length, query.edns ? 1 : 0]);
  return Buffer.concat([head, query.question, ...written.flatMap(encodeRecord), opt]);
}

/** The answer to what is no proper question: a header. */
export function writeRefusal(query: RefusedQuery): Buffer {
  return writeHeader(query, query.refused, [0, 0, 0]);
}

function writeHeader(
  { id, flags }: { id: number; flags: number },
  ownFlags: number,
  [questions, answers, additionals]: [number, number, number],
): Buffer {
  const kept = headerFlags.opcode | headerFlags.recursionDesired | headerFlags.checkingDisabled;
  const header = Buffer.alloc(headerBytes);
  header.writeUInt16BE(id, 0);
  header.writeUInt16BE((flags & kept) | headerFlags.response | headerFlags.recursionAvailable | ownFlags, 2);
  header.writeUInt16BE(questions, 4);
  header.writeUInt16BE(answers, 6);
  header.writeUInt16BE(additionals, 10);
  return header;
}

function encodeRecord({ type, data }: AnswerRecord): Buffer[] {
  const head = Buffer.alloc(recordHeadBytes);
  // A pointer to the name in the question.
  head.writeUInt16BE(0xc000 | headerBytes, 0);
  head.writeUInt16BE(type, 2);
  head.writeUInt16BE(classes.IN, 4);
  head.writeUInt32BE(timeToLiveSeconds, 6);
  head.writeUInt16BE(data.length, 10);
  return [head, data];
}
