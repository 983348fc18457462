import { localAnswer } from './local-answer.ts';
import type { NameSource } from './name-source.ts';
import type { Forwarder, Transport } from './upstream/forwarder.ts';
import { writeAnswer, writeRefusal } from './wire/answer.ts';
import { type Query, readQuery } from './wire/query.ts';
import { recordTypes, responseCodes } from './wire/registry.ts';

/** What a container's questions are answered by. */
export interface AnswerSources {
  names: NameSource;
  forwarder: Forwarder;
  keepsSingleLabels: boolean;
}

/** A message by TCP has 16 bits for its length. */
const longestTcpBytes = 0xffff;

/**
 * The answer to a client's message: at once for names of ours, later for what is forwarded, undefined for what deserves
 * none. Every question gets one: SERVFAIL when no server has. Never rejects.
 */
export function answerMessage(
  message: Buffer,
  transport: Transport,
  sources: AnswerSources,
): Buffer | Promise<Buffer> | undefined {
  const query = readQuery(message);
  if (query === undefined) return undefined;
  if ('refused' in query) return writeRefusal(query);
  const longestBytes = transport === 'tcp' ? longestTcpBytes : query.udpBytes;
  const records = localAnswer(query, sources.names);
  if (records !== undefined)
    return writeAnswer(query, { code: responseCodes.noError, records, longestBytes });
  if (sources.keepsSingleLabels && isSingleLabel(query)) {
    return writeAnswer(query, { code: responseCodes.noError, longestBytes });
  }
  return forwarded(query, transport, sources.forwarder);
}

async function forwarded(query: Query, transport: Transport, forwarder: Forwarder): Promise<Buffer> {
  const reply = await forwarder.forward(query, transport);
  return reply ?? writeAnswer(query, { code: responseCodes.serverFailure, longestBytes: query.udpBytes });
}

function isSingleLabel({ type, name }: Query): boolean {
  return (type === recordTypes.A || type === recordTypes.AAAA) && !name.includes('.');
}
