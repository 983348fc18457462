import { posix } from 'node:path';
import { PathPatternError } from '../errors.ts';
import { PathPattern } from './path-pattern.ts';

interface Rule {
  readonly text: string;
  readonly pattern: PathPattern;
  readonly negated: boolean;
}

/**
 * Ordered patterns, as a `.dockerignore` file or `--exclude` has them: the last one that matches a path, or one of the
 * directories above it, decides; one with `!` takes the path out again.
 */
export class PathPatterns {
  readonly #rules: readonly Rule[];
  /** Some pattern takes paths out again, so that a matched directory may hold a path that is not. */
  readonly hasNegations: boolean;

  /** Throws `PathPatternError` for a pattern that is none, and for `!` alone. Empty patterns do not count. */
  constructor(patterns: readonly string[]) {
    this.#rules = patterns
      .map((pattern) => pattern.trim())
      .filter((pattern) => pattern !== '')
      .map(compileRule);
    this.hasNegations = this.#rules.some(({ negated }) => negated);
  }

  /** The cleaned patterns that are not negated. */
  get positives(): readonly string[] {
    return this.#rules.filter(({ negated }) => !negated).map(({ text }) => text);
  }

  /** Whether `path`, relative and with slashes, is matched by itself or by a directory above it. */
  matches(path: string): boolean {
    let matched = false;
    for (const rule of this.#rules) {
      if (rule.negated === matched && rule.pattern.matchesWithin(path)) matched = !rule.negated;
    }
    return matched;
  }

  /**
   * Whether a walk need not enter a matched directory, since nothing below it can be taken out again: no negated pattern could
   * reach below it.
   */
  coversAllBelow(directory: string): boolean {
    if (!this.matches(directory)) return false;
    return !this.#rules.some(({ negated, text }) => negated && mayReachBelow(text, directory));
  }

  /** Whether a pattern that is not negated could match something below a directory that is not matched itself. */
  mayMatchBelow(directory: string): boolean {
    return this.#rules.some(({ negated, text }) => !negated && mayReachBelow(text, directory));
  }
}

function compileRule(pattern: string): Rule {
  const negated = pattern.startsWith('!');
  const written = negated ? pattern.slice(1).trim() : pattern;
  if (written === '') throw new PathPatternError(pattern, 'illegal exclusion pattern: "!"');
  const text = posix
    .normalize(written)
    .replace(/(?<=.)\/$/, '')
    .replace(/^\/(?=.)/, '');
  return { text, pattern: new PathPattern(text), negated };
}

/** The names before a pattern's first wildcard say where it can reach. */
function mayReachBelow(pattern: string, directory: string): boolean {
  const wildcard = pattern.search(/[*?[\\]/);
  if (wildcard < 0) return pattern.startsWith(`${directory}/`);
  const fixed = pattern.slice(0, wildcard);
  return fixed.startsWith(`${directory}/`) || `${directory}/`.startsWith(fixed);
}
