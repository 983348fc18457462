import { parseGoDuration } from '../changes/go-duration.ts';

/**
 * Milliseconds since the epoch that Docker's `until` means: RFC 3339, a date, Unix seconds, or a duration before now.
 * Undefined for any other text.
 */
export function pointInTime(text: string, nowMs: number): number | undefined {
  const duration = parseGoDuration(text);
  if (duration !== undefined && text !== '0') return nowMs - duration / 1e6;
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text) * 1000;
  const isDate = /^\d{4}-\d\d-\d\d([T ]\d\d(:\d\d(:\d\d(\.\d+)?)?)?(Z|[+-]\d\d:?\d\d)?)?$/.test(text);
  const timeMs = isDate ? Date.parse(text) : Number.NaN;
  return Number.isNaN(timeMs) ? undefined : timeMs;
}
