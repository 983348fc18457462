import { SyntaxProblem } from '../errors.ts';
import { suggestion } from '../text/suggestion.ts';

/** How often a flag may stand and what its value is. */
export type FlagKind = 'boolean' | 'text' | 'list';

/** The flags of one statement, checked against what its instruction knows. */
export interface Flags {
  has(name: string): boolean;
  /** An empty string where the flag is not given. */
  text(name: string): string;
  list(name: string): readonly string[];
  boolean(name: string): boolean;
}

/** Reads `--name=value` words. Throws `SyntaxProblem` in BuildKit's words for an unknown, doubled or empty one. */
export function readFlags(words: readonly string[], known: Readonly<Record<string, FlagKind>>): Flags {
  const values = new Map<string, string[]>();
  for (const word of words) {
    const { name, value } = readFlag(word, known);
    const before = values.get(name);
    if (before !== undefined && known[name] !== 'list')
      throw new SyntaxProblem(`duplicate flag specified: --${name}`);
    values.set(name, [...(before ?? []), value]);
  }
  return {
    has: (name) => values.has(name),
    text: (name) => values.get(name)?.[0] ?? '',
    list: (name) => values.get(name) ?? [],
    boolean: (name) => values.get(name)?.[0] === 'true',
  };
}

function readFlag(word: string, known: Readonly<Record<string, FlagKind>>): { name: string; value: string } {
  const [, name = '', equals = '', value = ''] = /^--([^=]*)(=?)([\s\S]*)$/.exec(word) ?? [];
  const kind = Object.hasOwn(known, name) ? known[name] : undefined;
  if (kind === undefined)
    throw new SyntaxProblem(`unknown flag: --${name}${suggestion(name, Object.keys(known))}`);
  if (kind !== 'boolean' && equals === '') throw new SyntaxProblem(`missing a value on flag: --${name}`);
  return { name, value: kind === 'boolean' ? booleanValue(name, { equals, value }) : value };
}

function booleanValue(name: string, { equals, value }: { equals: string; value: string }): string {
  if (equals === '') return 'true';
  if (value === '') throw new SyntaxProblem(`missing a value on flag: --${name}`);
  const lower = value.toLowerCase();
  if (lower === 'true' || lower === 'false') return lower;
  throw new SyntaxProblem(`expecting boolean value for flag --${name}, not: ${value}`);
}
