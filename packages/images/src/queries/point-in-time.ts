import { parseGoDuration } from '@gantry/base';

/**
 * Milliseconds since the epoch that Docker's `until` means: RFC 3339, a date, Unix seconds, or a duration before now.
 * Undefined for any other text.
 */
export function pointInTime(text: string, nowMs: number): number | undefined {
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text) * 1000;
  const isDate = /^\d{4}-\d\d-\d\d([T ]\d\d(:\d\d(:\d\d(\.\d+)?)?)?(Z|[+-]\d\d:?\d\d)?)?$/.test(text);
  const timeMs = isDate ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(timeMs)) return timeMs;
  try {
    return nowMs - parseGoDuration(text) / 1e6;
  } catch {
    return undefined;
  }
}
