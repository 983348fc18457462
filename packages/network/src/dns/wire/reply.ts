import { nameText } from './name.ts';
import type { Query } from './query.ts';
import { headerBytes, headerFlags, responseCodes } from './registry.ts';
import { isResponse, walkMessage } from './walk.ts';

/** What an upstream server answered. */
export interface Reply {
  code: number;
  /** The answer with the id of the one it is for, and nothing behind the last record. */
  message: Buffer;
}

/**
 * The answer in `message` to `query`, which was sent with `id`; undefined when it is malformed or answers something else:
 * a lie, or late. The question may come back in another case, and a server that failed may leave it out.
 */
export function readReply(message: Buffer, query: Query, id: number): Reply | undefined {
  if (message.length < headerBytes || message.readUInt16BE(0) !== id) return undefined;
  const walked = walkMessage(message);
  if (walked === undefined || !isResponse(walked.flags)) return undefined;
  const code = walked.flags & headerFlags.responseCode;
  if ((walked.flags & headerFlags.opcode) !== 0) return undefined;
  if (walked.questions === 0) {
    if (walked.answers > 0 || !failures.has(code)) return undefined;
  } else if (!isSameQuestion(message.subarray(headerBytes, walked.questionEnd), query)) {
    return undefined;
  }
  const answer = Buffer.from(message.subarray(0, walked.end));
  answer.writeUInt16BE(query.id, 0);
  return { code, message: answer };
}

const failures: ReadonlySet<number> = new Set([
  responseCodes.formatError,
  responseCodes.serverFailure,
  responseCodes.notImplemented,
  responseCodes.refused,
]);

function isSameQuestion(question: Buffer, query: Query): boolean {
  if (question.length !== query.question.length) return false;
  const nameBytes = question.length - 4;
  return (
    question.subarray(nameBytes).equals(query.question.subarray(nameBytes)) &&
    nameText(question.subarray(0, nameBytes)) === query.name
  );
}
