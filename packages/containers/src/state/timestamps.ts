/** `2025-01-31T12:00:00.123456789Z`: RFC 3339 in UTC with nine digits, which sorts as text. */
export function formatTimestamp(epochNs: bigint): string {
  const milliseconds = epochNs / 1_000_000n;
  const rest = (epochNs % 1_000_000n).toString().padStart(6, '0');
  return `${new Date(Number(milliseconds)).toISOString().slice(0, -1)}${rest}Z`;
}

/** Nanoseconds since the epoch of what `formatTimestamp` or another RFC 3339 UTC writer made; 0 when malformed. */
export function parseTimestamp(text: string): bigint {
  const match = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?Z$/.exec(text);
  if (match === null) return 0n;
  const milliseconds = Date.parse(`${match[1]}Z`);
  if (Number.isNaN(milliseconds)) return 0n;
  return BigInt(milliseconds) * 1_000_000n + BigInt((match[2] ?? '').padEnd(9, '0'));
}

/** Whole milliseconds since the epoch, for where many are read at once; 0 when malformed. */
export function timestampMs(text: string): number {
  const milliseconds = Date.parse(text);
  return Number.isNaN(milliseconds) ? 0 : milliseconds;
}

/** Docker's form: no zeros at the end of the fraction, and its zero time for an empty text. */
export function dockerTimestamp(text: string): string {
  if (text === '') return '0001-01-01T00:00:00Z';
  return text.includes('.') ? text.replace(/\.?0*Z$/, 'Z') : text;
}
