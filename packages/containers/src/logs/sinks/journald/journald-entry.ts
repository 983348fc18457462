import { formatTimestamp } from '../../../state/timestamps.ts';
import type { LogMessage } from '../log-sink.ts';

const priorities = { stdout: '6', stderr: '3' } as const;

/**
 * One entry of journald's native protocol: `NAME=value` lines; a value with a newline, or that is not text, is given by
 * its length (64 bits, little-endian). `fields` are the container's, the same in each entry.
 */
export function journaldEntry(message: LogMessage, fields: Readonly<Record<string, string>>): Buffer {
  const { partial } = message;
  const parts = {
    PRIORITY: priorities[message.stream],
    SYSLOG_TIMESTAMP: formatTimestamp(message.timeNs),
    ...(partial && {
      ...(partial.isLast ? {} : { CONTAINER_PARTIAL_MESSAGE: 'true' }),
      CONTAINER_PARTIAL_ID: partial.id,
      CONTAINER_PARTIAL_ORDINAL: String(partial.ordinal),
      CONTAINER_PARTIAL_LAST: String(partial.isLast),
    }),
    ...fields,
  };
  const texts = Object.entries(parts).map(([name, value]) => encodeField(name, Buffer.from(value)));
  return Buffer.concat([...texts, encodeField('MESSAGE', message.line)]);
}

/** A name as journald takes it: capitals, digits and underscores, not starting with an underscore. */
export function journaldFieldName(name: string): string {
  return name
    .toUpperCase()
    .replaceAll(/[^A-Z0-9]/g, '_')
    .replace(/^[_0-9]+/, '');
}

function encodeField(name: string, value: Uint8Array): Buffer {
  if (!value.includes(0x0a)) return Buffer.concat([Buffer.from(`${name}=`), value, newline]);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(value.length));
  return Buffer.concat([Buffer.from(`${name}\n`), length, value, newline]);
}

const newline = Buffer.from('\n');
