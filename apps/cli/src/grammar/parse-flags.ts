import { UsageError } from '../errors.ts';
import type { FlagSpec } from './flag-spec.ts';
import { flagType } from './flag-types.ts';
import { FlagValues } from './flag-values.ts';

export interface ParsedLine {
  readonly flags: FlagValues;
  readonly args: readonly string[];
  /** `--help`, or `-h` where no flag has that letter, was given. Nothing after it was looked at. */
  readonly helpWanted: boolean;
}

/**
 * Splits words into flags and arguments as pflag does: `--name value`, `--name=value`, `-n value`, `-nvalue`,
 * `-n=value`, grouped letters, `--` as the end of flags. A boolean takes a value only after `=`. Throws `UsageError`
 * in pflag's words.
 */
export function parseFlags(
  words: readonly string[],
  specs: readonly FlagSpec[],
  { stopsAtFirstArgument = false }: { stopsAtFirstArgument?: boolean } = {},
): ParsedLine {
  return new LineParser(words, specs, stopsAtFirstArgument).parse();
}

class LineParser {
  readonly #words: readonly string[];
  readonly #stops: boolean;
  readonly #byName: ReadonlyMap<string, FlagSpec>;
  readonly #byLetter: ReadonlyMap<string, FlagSpec>;
  readonly #flags: FlagValues;
  #at = 0;
  #helpWanted = false;

  constructor(words: readonly string[], specs: readonly FlagSpec[], stops: boolean) {
    this.#words = words;
    this.#stops = stops;
    this.#byName = new Map(specs.map((spec) => [spec.name, spec]));
    this.#byLetter = new Map(specs.flatMap((spec) => (spec.shorthand ? [[spec.shorthand, spec]] : [])));
    this.#flags = new FlagValues(specs);
  }

  parse(): ParsedLine {
    const args: string[] = [];
    while (this.#at < this.#words.length && !this.#helpWanted) {
      const word = this.#words[this.#at] ?? '';
      if (word === '--' || (this.#stops && !isFlag(word))) {
        args.push(...this.#words.slice(this.#at + (word === '--' ? 1 : 0)));
        break;
      }
      this.#at += 1;
      if (!isFlag(word)) args.push(word);
      else if (word.startsWith('--')) this.#long(word);
      else this.#letters(word);
    }
    return { flags: this.#flags, args, helpWanted: this.#helpWanted };
  }

  #long(word: string): void {
    const [name, inline] = splitOnce(word.slice(2));
    if (name === '' || name.startsWith('-')) throw failure(`bad flag syntax: ${word}`);
    if (name === 'help') {
      this.#helpWanted = true;
      return;
    }
    const spec = this.#byName.get(name);
    if (spec === undefined) throw failure(`unknown flag: --${name}`);
    if (inline !== undefined) this.#add(spec, inline);
    else if (spec.type === 'bool') this.#add(spec, 'true');
    else this.#add(spec, this.#following() ?? missing(`--${name}`));
  }

  #letters(word: string): void {
    for (let rest = word.slice(1); rest !== ''; ) {
      const letter = rest[0] ?? '';
      const spec = this.#byLetter.get(letter);
      if (spec === undefined && letter === 'h') {
        this.#helpWanted = true;
        return;
      }
      if (spec === undefined) throw failure(`unknown shorthand flag: '${letter}' in -${rest}`);
      const after = rest.slice(1);
      if (after.startsWith('=')) return this.#add(spec, after.slice(1));
      if (spec.type !== 'bool') {
        return this.#add(
          spec,
          after === '' ? (this.#following() ?? missing(`'${letter}' in -${rest}`)) : after,
        );
      }
      this.#add(spec, 'true');
      rest = after;
    }
  }

  #following(): string | undefined {
    return this.#words[this.#at++];
  }

  #add(spec: FlagSpec, value: string): void {
    try {
      flagType(spec.type).check?.(value);
    } catch (error) {
      const name = spec.shorthand ? `-${spec.shorthand}, --${spec.name}` : `--${spec.name}`;
      throw failure(
        `invalid argument ${JSON.stringify(value)} for "${name}" flag: ${(error as Error).message}`,
      );
    }
    this.#flags.add(spec, value);
  }
}

/** A lone dash is an argument. */
function isFlag(word: string): boolean {
  return word.length > 1 && word.startsWith('-');
}

function splitOnce(text: string): [string, string | undefined] {
  const equals = text.indexOf('=');
  return equals < 0 ? [text, undefined] : [text.slice(0, equals), text.slice(equals + 1)];
}

function missing(what: string): never {
  throw failure(`flag needs an argument: ${what}`);
}

function failure(message: string): UsageError {
  return new UsageError(message);
}
