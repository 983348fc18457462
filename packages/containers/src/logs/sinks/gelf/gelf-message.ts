import { randomBytes } from 'node:crypto';
import type { LogMessage } from '../log-sink.ts';

const levels = { stdout: 6, stderr: 3 } as const;
/** What Graylog's own library sends: below the usual MTU with all headers. */
const chunkBytes = 1420;
const chunkHeaderBytes = 12;
const longestChunks = 128;

/** A GELF 1.1 message as JSON; `fields` are the container's, the same in each message. */
export function gelfMessage(
  { stream, timeNs, line }: LogMessage,
  fields: Readonly<Record<string, unknown>>,
): Buffer {
  const text = Buffer.from(line.buffer, line.byteOffset, line.byteLength).toString('utf8');
  const timestamp = Number(timeNs / 1_000_000n) / 1000;
  return Buffer.from(JSON.stringify({ ...fields, short_message: text, timestamp, level: levels[stream] }));
}

/** The datagrams of one message: itself, or chunks. Undefined when it is too long for 128 of them. */
export function gelfDatagrams(message: Buffer): Buffer[] | undefined {
  if (message.length <= chunkBytes) return [message];
  const payloadBytes = chunkBytes - chunkHeaderBytes;
  const count = Math.ceil(message.length / payloadBytes);
  if (count > longestChunks) return undefined;
  const id = randomBytes(8);
  return Array.from({ length: count }, (_, index) => {
    const payload = message.subarray(index * payloadBytes, (index + 1) * payloadBytes);
    return Buffer.concat([Buffer.from([0x1e, 0x0f]), id, Buffer.from([index, count]), payload]);
  });
}
