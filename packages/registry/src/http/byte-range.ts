import { RangeNotSatisfiableError } from './errors.ts';

export interface ByteRange {
  first: number;
  /** The last one, not the one behind it. */
  last: number;
}

/**
 * The part that a `Range` header asks for (RFC 9110, 14.2). Undefined where all is to be sent: without the header, for other
 * units, malformed ones and several parts. Throws `RangeNotSatisfiableError`.
 */
export function parseRange(header: string | undefined, sizeBytes: number): ByteRange | undefined {
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header?.trim() ?? '');
  const [, firstText = '', lastText = ''] = match ?? [];
  if (match === null || (firstText === '' && lastText === '')) return undefined;
  if (firstText === '') {
    const length = Math.min(Number(lastText), sizeBytes);
    if (length === 0) throw new RangeNotSatisfiableError(sizeBytes);
    return { first: sizeBytes - length, last: sizeBytes - 1 };
  }
  const first = Number(firstText);
  const last = lastText === '' ? sizeBytes - 1 : Math.min(Number(lastText), sizeBytes - 1);
  if (lastText !== '' && Number(lastText) < first) return undefined;
  if (first >= sizeBytes) throw new RangeNotSatisfiableError(sizeBytes);
  return { first, last };
}

/** Whether `If-None-Match` names the entity tag (RFC 9110, 13.1.2). */
export function matchesTag(header: string | undefined, tag: string): boolean {
  if (header === undefined) return false;
  return header.split(',').some((word) => {
    const wanted = word.trim().replace(/^W\//, '');
    return wanted === '*' || wanted === tag;
  });
}
