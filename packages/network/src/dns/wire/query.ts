import { nameText } from './name.ts';
import { headerBytes, headerFlags, plainUdpBytes, type ResponseCode, responseCodes } from './registry.ts';
import { isResponse, walkMessage } from './walk.ts';

/** What a client asks. */
export interface Query {
  id: number;
  flags: number;
  /** Lower case, without the last dot; see `nameText`. */
  name: string;
  type: number;
  class: number;
  /** The question section as it came. */
  question: Buffer;
  /** The whole message as it came: what is forwarded. */
  message: Buffer;
  edns: boolean;
  /** How long an answer by UDP may be. */
  udpBytes: number;
}

/** A message that is no question that can be answered, with the response code that says why. */
export interface RefusedQuery {
  id: number;
  flags: number;
  refused: ResponseCode;
}

/** More than a resolver of our own sends by UDP is never needed; TCP has the rest. */
const longestUdpBytes = 4096;

/**
 * Reads a client's message strictly: one question, nothing left over. Undefined when it is not to be answered at all: it
 * is shorter than a header, or an answer itself.
 */
export function readQuery(message: Buffer): Query | RefusedQuery | undefined {
  if (message.length < headerBytes) return undefined;
  const [id, flags] = [message.readUInt16BE(0), message.readUInt16BE(2)];
  if (isResponse(flags)) return undefined;
  if ((flags & headerFlags.opcode) !== 0) return { id, flags, refused: responseCodes.notImplemented };
  const walked = walkMessage(message);
  // Where the counts are higher it is no query (those of miekg/dns, which answers in dockerd).
  const isQuery =
    walked?.questions === 1 &&
    walked.answers <= 1 &&
    walked.authorities <= 1 &&
    walked.additionals <= 2 &&
    walked.end === message.length;
  if (!isQuery) return { id, flags, refused: responseCodes.formatError };
  const question = message.subarray(headerBytes, walked.questionEnd);
  const nameBytes = question.length - 4;
  return {
    id,
    flags,
    name: nameText(question.subarray(0, nameBytes)),
    type: question.readUInt16BE(nameBytes),
    class: question.readUInt16BE(nameBytes + 2),
    question,
    message,
    edns: walked.udpBytes !== undefined,
    udpBytes: Math.min(Math.max(walked.udpBytes ?? 0, plainUdpBytes), longestUdpBytes),
  };
}
