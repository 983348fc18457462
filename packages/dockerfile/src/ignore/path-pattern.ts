import { PathPatternError } from '../errors.ts';

/** What one step over a path's characters may be. */
type Token =
  /** One character: itself, one of a class, or any but a slash. */
  | ((char: string) => boolean)
  /** `*`: any number of characters but slashes, also none. */
  | 'names'
  /** `**` before more: nothing, or a path with the slash at its end (`inside` is the state within it). */
  | 'directories'
  | 'inside'
  /** `**` at the end: everything, also nothing. */
  | 'all';

/**
 * One pattern as Go's filepath.Match has them (`*`, `?`, `[a-z]`, `[^a]`, `\` escapes), with `**` for any number of
 * directories (moby's patternmatcher). A path is walked once, with the set of all tokens that may come next, so that no
 * pattern makes it slow.
 */
export class PathPattern {
  readonly #tokens: readonly Token[];

  /** Throws `PathPatternError` for an open class or a lone escape. */
  constructor(pattern: string) {
    this.#tokens = tokenize(pattern);
  }

  /** Whether it matches the whole of `path`, of names parted by slashes. */
  matches(path: string): boolean {
    return this.#walk(path, false);
  }

  /** Whether it matches the whole of `path` or of a directory above it. */
  matchesWithin(path: string): boolean {
    return this.#walk(path, true);
  }

  #walk(path: string, orParent: boolean): boolean {
    const end = this.#tokens.length;
    let states = this.#closed(new Uint8Array(end + 1).fill(1, 0, 1));
    for (const char of path) {
      if (orParent && char === '/' && states[end] === 1) return true;
      const next = new Uint8Array(end + 1);
      for (let at = 0; at < end; at++) if (states[at] === 1) this.#step(at, char, next);
      states = this.#closed(next);
    }
    return states[end] === 1;
  }

  #step(at: number, char: string, next: Uint8Array): void {
    const token = this.#tokens[at];
    if (token === 'all') next[at] = 1;
    else if (token === 'names') next[at] = char === '/' ? (next[at] ?? 0) : 1;
    else if (token === 'inside' || token === 'directories') {
      const inside = token === 'inside' ? at : at + 1;
      next[inside] = 1;
      if (char === '/') next[inside + 1] = 1;
    } else if (token?.(char) === true) next[at + 1] = 1;
  }

  /** Adds what a wildcard that stands for nothing leads to; that is always further on. */
  #closed(states: Uint8Array): Uint8Array {
    for (const [at, token] of this.#tokens.entries()) {
      if (states[at] !== 1) continue;
      if (token === 'names' || token === 'all') states[at + 1] = 1;
      if (token === 'directories') states[at + 2] = 1;
    }
    return states;
  }
}

function tokenize(pattern: string): Token[] {
  const chars = Array.from(pattern);
  const tokens: Token[] = [];
  for (let at = 0; at < chars.length; at++) {
    const char = chars[at] ?? '';
    if (char === '*' && chars[at + 1] === '*') {
      at += chars[at + 2] === '/' ? 2 : 1;
      if (at + 1 >= chars.length) tokens.push('all');
      else tokens.push('directories', 'inside');
    } else if (char === '*') {
      tokens.push('names');
    } else if (char === '?') {
      tokens.push((other) => other !== '/');
    } else if (char === '[') {
      const { token, end } = readClass(pattern, chars, at);
      tokens.push(token);
      at = end;
    } else {
      const literal = char === '\\' ? escaped(pattern, chars[++at]) : char;
      tokens.push((other) => other === literal);
    }
  }
  return tokens;
}

/** A class from its bracket at `start`; `end` is where its closing bracket stands. */
function readClass(pattern: string, chars: readonly string[], start: number): { token: Token; end: number } {
  let at = start + 1;
  const negated = chars[at] === '^';
  if (negated) at++;
  const ranges: { low: string; high: string }[] = [];
  const next = (): string => {
    const char = chars[at++];
    if (char === undefined || char === '-' || char === ']')
      throw new PathPatternError(pattern, 'syntax error in pattern');
    return char === '\\' ? escaped(pattern, chars[at++]) : char;
  };
  while (ranges.length === 0 || chars[at] !== ']') {
    const low = next();
    if (chars[at] !== '-') {
      ranges.push({ low, high: low });
      continue;
    }
    at++;
    ranges.push({ low, high: next() });
  }
  const holds = (char: string): boolean => ranges.some(({ low, high }) => within(char, low, high));
  return { token: (char) => char !== '/' && holds(char) !== negated, end: at };
}

function within(char: string, low: string, high: string): boolean {
  const point = char.codePointAt(0) ?? 0;
  return (low.codePointAt(0) ?? 0) <= point && point <= (high.codePointAt(0) ?? 0);
}

function escaped(pattern: string, char: string | undefined): string {
  if (char === undefined) throw new PathPatternError(pattern, 'syntax error in pattern');
  return char;
}
