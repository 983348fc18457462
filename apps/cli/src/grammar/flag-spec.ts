/** One flag, read from a table line. */
export interface FlagSpec {
  readonly name: string;
  readonly shorthand: string | undefined;
  /** `bool`, or a type of `flag-types.ts`. */
  readonly type: string;
  /** As it was written; undefined for the type's zero value. */
  readonly defaultValue: string | undefined;
  readonly help: string;
  /** Parsed, and shown neither in help nor in completion. */
  readonly hidden: boolean;
}

/**
 * Reads flags, one a line: `-n/--last int=-1 | What it does`. No type is `bool`; `!` in front hides the flag. Throws
 * for a line in another form, so a broken table fails its first test. Every command does this when it starts, hence
 * by hand: a regular expression would have to be compiled first.
 */
export function parseFlagSpecs(text: string): FlagSpec[] {
  const specs: FlagSpec[] = [];
  for (const source of text.split('\n')) {
    const line = source.trim();
    if (line !== '') specs.push(parseLine(line));
  }
  return specs;
}

function parseLine(line: string): FlagSpec {
  const bar = line.indexOf(' | ');
  const hidden = line.startsWith('!');
  const notation = line.slice(hidden ? 1 : 0, bar);
  const dashes = notation.indexOf('--');
  if (bar < 0 || (dashes !== 0 && dashes !== '-x/'.length)) throw new Error(`malformed flag line: ${line}`);
  const equals = notation.indexOf('=');
  const named = notation.slice(dashes + 2, equals < 0 ? undefined : equals);
  const space = named.indexOf(' ');
  return {
    name: space < 0 ? named : named.slice(0, space),
    shorthand: dashes === 0 ? undefined : notation[1],
    type: space < 0 ? 'bool' : named.slice(space + 1),
    defaultValue: equals < 0 ? undefined : notation.slice(equals + 1),
    help: line.slice(bar + 3),
    hidden,
  };
}
