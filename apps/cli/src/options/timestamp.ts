import { parseGoDuration } from '@gantry/base';
import { CommandError } from '../errors.ts';

/**
 * A time as the API takes it (Unix seconds, with nine digits of fraction): from an age (`42m`), RFC 3339 with or
 * without zone, a date, or Unix seconds as they are. Empty stays undefined. Throws `CommandError`, which names `flag`.
 */
export function parseTimestamp(text: string, now: Date, flag?: string): string | undefined {
  if (text === '') return undefined;
  if (/^\d+(?:\.\d+)?$/.test(text)) return text;
  const age = durationOf(text);
  if (age !== undefined) return format(BigInt(now.getTime()) * 1_000_000n - BigInt(age));
  const match =
    /^(\d{4}-\d{2}-\d{2})(?:T(\d{2})(?::(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?)?)?(Z|[+-]\d{2}:\d{2})?$/.exec(
      text,
    );
  const inFlag = flag === undefined ? '' : `invalid value for ${JSON.stringify(flag)}: `;
  if (match === null)
    throw new CommandError(1, `${inFlag}failed to parse value as time or duration: ${JSON.stringify(text)}`);
  const [, day = '', hour = '00', minute = '00', second = '00', fraction = '', zone = ''] = match;
  const timeMs = new Date(`${day}T${hour}:${minute}:${second}${zone}`).getTime();
  if (Number.isNaN(timeMs))
    throw new CommandError(1, `${inFlag}failed to parse value as time or duration: ${JSON.stringify(text)}`);
  return format(BigInt(timeMs) * 1_000_000n + BigInt(fraction.padEnd(9, '0')));
}

function durationOf(text: string): number | undefined {
  try {
    return parseGoDuration(text);
  } catch {
    return undefined;
  }
}

function format(unixNs: bigint): string {
  return `${unixNs / 1_000_000_000n}.${String(unixNs % 1_000_000_000n).padStart(9, '0')}`;
}
