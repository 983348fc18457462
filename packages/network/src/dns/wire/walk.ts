import { endOfName } from './name.ts';
import { headerBytes, headerFlags, recordTypes } from './registry.ts';

/** A message whose every name and record lies within its bytes. */
export interface WalkedMessage {
  id: number;
  flags: number;
  questions: number;
  answers: number;
  authorities: number;
  additionals: number;
  /** Where the question section ends. */
  questionEnd: number;
  /** Where the last record ends: what lies behind belongs to no section. */
  end: number;
  /** The class of the OPT record: how many bytes its sender takes by UDP. Undefined without EDNS (RFC 6891). */
  udpBytes: number | undefined;
}

const recordHeadBytes = 10;

/** Looks through a whole message; undefined when anything in it is cut short, too long or loops. Bounded by its length. */
export function walkMessage(message: Buffer): WalkedMessage | undefined {
  if (message.length < headerBytes) return undefined;
  const [questions, answers, authorities, additionals] = [4, 6, 8, 10].map((at) =>
    message.readUInt16BE(at),
  ) as [number, number, number, number];
  let at: number | undefined = headerBytes;
  for (let question = 0; question < questions && at !== undefined; question += 1) {
    at = endOfQuestion(message, at);
  }
  if (at === undefined) return undefined;
  const questionEnd = at;
  let udpBytes: number | undefined;
  for (let record = 0; record < answers + authorities + additionals; record += 1) {
    const head = endOfName(message, at);
    if (head === undefined || head + recordHeadBytes > message.length) return undefined;
    const isAdditional = record >= answers + authorities;
    if (message.readUInt16BE(head) === recordTypes.OPT) {
      // RFC 6891 section 6.1.1: at most one, in the additional section, named by the root.
      if (!isAdditional || udpBytes !== undefined || head !== at + 1) return undefined;
      udpBytes = message.readUInt16BE(head + 2);
    }
    at = head + recordHeadBytes + message.readUInt16BE(head + 8);
    if (at > message.length) return undefined;
  }
  return {
    id: message.readUInt16BE(0),
    flags: message.readUInt16BE(2),
    questions,
    answers,
    authorities,
    additionals,
    questionEnd,
    end: at,
    udpBytes,
  };
}

export function isResponse(flags: number): boolean {
  return (flags & headerFlags.response) !== 0;
}

/** Undefined when it lies not within the message. The name of a question stands for itself: nothing is before it. */
function endOfQuestion(message: Buffer, offset: number): number | undefined {
  const end = endOfName(message, offset);
  return end === undefined || end + 4 > message.length ? undefined : end + 4;
}
