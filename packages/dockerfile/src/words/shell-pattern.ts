import { SyntaxProblem } from '../errors.ts';

/** What stands between two `*`: characters, and undefined for a `?`. */
type Segment = readonly (string | undefined)[];

/** `${value#pattern}`; a pattern that starts with a further `#` takes the longest match. */
export function removePrefix(value: string, pattern: string): string {
  const longest = pattern.startsWith('#');
  const chars = Array.from(value);
  const end = matchAt(chars, 0, { segments: parse(longest ? pattern.slice(1) : pattern), longest });
  return end === undefined ? value : chars.slice(end).join('');
}

/** `${value%pattern}`; a pattern that starts with a further `%` takes the longest match. */
export function removeSuffix(value: string, pattern: string): string {
  const longest = pattern.startsWith('%');
  const segments = parse(longest ? pattern.slice(1) : pattern);
  const mirrored = segments.map((segment) => segment.toReversed()).toReversed();
  const chars = Array.from(value).reverse();
  const end = matchAt(chars, 0, { segments: mirrored, longest });
  return end === undefined ? value : chars.slice(end).reverse().join('');
}

/** `${value/pattern/replacement}`, and with `all` the form with two slashes. The first match counts, as long as it gets. */
export function replaceMatches(
  value: string,
  change: { pattern: string; replacement: string; all: boolean },
): string {
  const chars = Array.from(value);
  const segments = parse(change.pattern);
  let result = '';
  let at = 0;
  while (at <= chars.length) {
    const match = firstMatch(chars, at, segments);
    if (match === undefined) break;
    result += chars.slice(at, match.start).join('') + change.replacement;
    const empty = match.end === match.start;
    if (empty) result += chars[match.end] ?? '';
    at = empty ? match.end + 1 : match.end;
    if (!change.all) break;
  }
  return result + chars.slice(at).join('');
}

/** The shell's pattern without its brackets (POSIX 2.13.1): parted at `*`, with `?` and escapes. */
function parse(pattern: string): Segment[] {
  const segments: (string | undefined)[][] = [[]];
  const chars = Array.from(pattern);
  for (let at = 0; at < chars.length; at++) {
    const char = chars[at] ?? '';
    if (char === '*') segments.push([]);
    else
      segments.at(-1)?.push(char === '?' ? undefined : char === '\\' ? escaped(pattern, chars[++at]) : char);
  }
  return segments;
}

/** A brace and a slash are escaped for the substitution's sake; in the pattern they are themselves. */
function escaped(pattern: string, char: string | undefined): string {
  if (char !== undefined && '*?\\}/'.includes(char)) return char;
  throw new SyntaxProblem(`invalid pattern (${pattern}) in substitution: invalid escape '\\${char ?? ''}'`);
}

function firstMatch(
  chars: readonly string[],
  from: number,
  segments: readonly Segment[],
): { start: number; end: number } | undefined {
  const [head = []] = segments;
  const start = find(head, chars, from);
  if (start === undefined) return undefined;
  const end = matchAt(chars, start, { segments, longest: true });
  return end === undefined ? undefined : { start, end };
}

/**
 * Where a match that starts at `start` ends. Each segment is taken at its first place, the last one of a longest match at
 * its last: what is not found from here is not found from further on, so that nothing is tried twice.
 */
function matchAt(
  chars: readonly string[],
  start: number,
  how: { segments: readonly Segment[]; longest: boolean },
): number | undefined {
  const [head = [], ...rest] = how.segments;
  if (!fits(head, chars, start)) return undefined;
  let end = start + head.length;
  for (const [index, segment] of rest.entries()) {
    const last = how.longest && index === rest.length - 1;
    const at = last ? findLast(segment, chars, end) : find(segment, chars, end);
    if (at === undefined) return undefined;
    end = at + segment.length;
  }
  return end;
}

function fits(segment: Segment, chars: readonly string[], at: number): boolean {
  if (at + segment.length > chars.length) return false;
  return segment.every((char, index) => char === undefined || char === chars[at + index]);
}

function find(segment: Segment, chars: readonly string[], from: number): number | undefined {
  for (let at = from; at + segment.length <= chars.length; at++) if (fits(segment, chars, at)) return at;
  return undefined;
}

function findLast(segment: Segment, chars: readonly string[], from: number): number | undefined {
  for (let at = chars.length - segment.length; at >= from; at--) if (fits(segment, chars, at)) return at;
  return undefined;
}
