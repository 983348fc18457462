import { SyntaxProblem } from '../errors.ts';
import { removePrefix, removeSuffix, replaceMatches } from './shell-pattern.ts';

/** Where the value of a variable comes from; undefined is "unset", which is not the same as empty. */
export type Lookup = (name: string) => string | undefined;

/** How words are read; the default is what Dockerfile instructions with variables want. */
export interface WordOptions {
  readonly escape: '\\' | '`';
  /** Leave quotes where they are, though they still quote. Default false. */
  readonly keepQuotes?: boolean;
  /** Leave escape characters where they are, though they still escape. Default false. */
  readonly keepEscapes?: boolean;
  /** Quotes are characters like all others (the body of a heredoc). Default false. */
  readonly ignoreQuotes?: boolean;
  /** Leave references to unset variables as they are written. Default false: they become empty. */
  readonly keepUnset?: boolean;
}

/** A text after expansion, as one and as words, and which names it asked for in vain. */
export interface ExpandedText {
  readonly text: string;
  readonly words: readonly string[];
  readonly undefinedNames: ReadonlySet<string>;
}

/**
 * Removes quotes and escapes from `text` and puts in the values of `$name`, `${name}` and the forms with `:-`, `-`, `:+`,
 * `+`, `:?`, `?`, `#`, `##`, `%`, `%%`, `/` and `//`, which nest. Single quotes keep what they hold; a value that is not in
 * quotes falls into words at its spaces. Throws `SyntaxProblem` for an open quote or brace, and for `?` of an unset name.
 */
export function expandText(text: string, lookup: Lookup, options: WordOptions): ExpandedText {
  const reader = new WordReader(text, lookup, options);
  try {
    const { text: result, words } = reader.readUntil(undefined);
    return { text: result, words, undefinedNames: reader.undefinedNames };
  } catch (problem) {
    if (!(problem instanceof SyntaxProblem)) throw problem;
    throw new SyntaxProblem(`failed to process ${JSON.stringify(text)}: ${problem.message}`);
  }
}

/** Collects characters into words: quoted ones never part a word, and an empty quoted text is no word of its own. */
class WordCollector {
  readonly words: string[] = [];
  #word = '';

  add(text: string): void {
    for (const char of text) {
      if (/\s/.test(char)) this.#end();
      else this.#word += char;
    }
  }

  addQuoted(text: string): void {
    this.#word += text;
  }

  finish(): readonly string[] {
    this.#end();
    return this.words;
  }

  #end(): void {
    if (this.#word !== '') this.words.push(this.#word);
    this.#word = '';
  }
}

/** One pass over a text; braces recurse into it. */
class WordReader {
  readonly undefinedNames: Set<string> = new Set();
  readonly #chars: readonly string[];
  readonly #lookup: Lookup;
  readonly #options: WordOptions;
  #keepEscapes: boolean;
  #at = 0;

  constructor(text: string, lookup: Lookup, options: WordOptions) {
    this.#chars = Array.from(text);
    this.#lookup = lookup;
    this.#options = options;
    this.#keepEscapes = options.keepEscapes ?? false;
  }

  /** Reads up to `stop`, which is consumed, or to the end where there is none. */
  readUntil(stop: string | undefined): { text: string; words: readonly string[] } {
    const words = new WordCollector();
    let text = '';
    for (let char = this.#peek(); char !== undefined; char = this.#peek()) {
      if (char === stop) {
        this.#at++;
        return { text, words: words.finish() };
      }
      const part = this.#part(char);
      text += part.text;
      if (part.quoted) words.addQuoted(part.text);
      else words.add(part.text);
    }
    if (stop !== undefined) {
      throw new SyntaxProblem(`unexpected end of statement while looking for matching ${stop}`);
    }
    return { text, words: words.finish() };
  }

  #part(char: string): { text: string; quoted: boolean } {
    if (char === '$') return { text: this.#dollar(), quoted: false };
    if (char === '<') return { text: this.#heredocMark(), quoted: true };
    const quotes = this.#options.ignoreQuotes !== true;
    if (quotes && char === "'") return { text: this.#singleQuoted(), quoted: true };
    if (quotes && char === '"') return { text: this.#doubleQuoted(), quoted: true };
    this.#at++;
    if (char !== this.#options.escape) return { text: char, quoted: false };
    return { text: (this.#keepEscapes ? char : '') + (this.#next() ?? ''), quoted: true };
  }

  #peek(): string | undefined {
    return this.#chars[this.#at];
  }

  #next(): string | undefined {
    return this.#chars[this.#at++];
  }

  /** `<<` and the blanks after it belong to the word of the delimiter that follows. */
  #heredocMark(): string {
    this.#at++;
    if (this.#peek() !== '<') return '<';
    this.#at++;
    let blanks = '';
    while (/^[\t\r ]$/.test(this.#peek() ?? '')) blanks += this.#next();
    return `<<${blanks}`;
  }

  #singleQuoted(): string {
    const from = this.#at;
    const end = this.#chars.indexOf("'", from + 1);
    if (end < 0)
      throw new SyntaxProblem('unexpected end of statement while looking for matching single-quote');
    this.#at = end + 1;
    const kept = this.#options.keepQuotes === true ? [from, end + 1] : [from + 1, end];
    return this.#chars.slice(...kept).join('');
  }

  #doubleQuoted(): string {
    const quote = this.#options.keepQuotes === true ? '"' : '';
    let text = quote;
    this.#at++;
    for (let char = this.#peek(); char !== '"'; char = this.#peek()) {
      if (char === undefined) {
        throw new SyntaxProblem('unexpected end of statement while looking for matching double-quote');
      }
      text += char === '$' ? this.#dollar() : this.#inDoubleQuotes();
    }
    this.#at++;
    return text + quote;
  }

  #inDoubleQuotes(): string {
    const { escape } = this.#options;
    const char = this.#next() ?? '';
    if (char !== escape) return char;
    const kept = this.#keepEscapes ? escape : '';
    const next = this.#peek();
    if (next === undefined) return kept;
    if (next !== '"' && next !== '$' && next !== escape) return kept + escape;
    this.#at++;
    return kept + next;
  }

  #dollar(): string {
    this.#at++;
    if (this.#peek() === '{') return this.#braces();
    const name = this.#name();
    if (name === '') return '$';
    return this.#value(name) ?? (this.#options.keepUnset === true ? `$${name}` : '');
  }

  #braces(): string {
    this.#at++;
    const first = this.#peek();
    if (first === undefined) throw new SyntaxProblem("syntax error: missing '}'");
    if (first === '{' || first === '}' || first === ':')
      throw new SyntaxProblem('syntax error: bad substitution');
    const name = this.#name();
    const operator = this.#next();
    if (operator === '}') return this.#value(name) ?? (this.#options.keepUnset === true ? `\${${name}}` : '');
    if (operator === '/') return this.#replacement(name);
    if (operator === ':') return this.#modified(name, `:${this.#next() ?? ''}`);
    return this.#modified(name, operator ?? '');
  }

  #modified(name: string, operator: string): string {
    const known = [':-', '-', ':+', '+', ':?', '?', '#', '%'].includes(operator);
    if (!known) throw new SyntaxProblem(`unsupported modifier (${operator}) in substitution`);
    const pattern = operator === '#' || operator === '%';
    const word = this.#operand('}', pattern);
    const value = this.#value(name);
    if (value === undefined && this.#options.keepUnset === true) return `\${${name}${operator}${word}}`;
    if (operator === '#') return removePrefix(value ?? '', word);
    if (operator === '%') return removeSuffix(value ?? '', word);
    const missing = value === undefined || (operator.startsWith(':') && value === '');
    if (operator.endsWith('-')) return missing ? word : value;
    if (operator.endsWith('+')) return missing ? '' : word;
    if (!missing) return value;
    throw new SyntaxProblem(
      `${name}: ${word || `is not allowed to be ${value === undefined ? 'unset' : 'empty'}`}`,
    );
  }

  #replacement(name: string): string {
    const all = this.#peek() === '/';
    if (all) this.#at++;
    const pattern = this.#operand('/', true, "syntax error: missing '/' in ${}");
    const replacement = this.#operand('}', true);
    const value = this.#value(name);
    if (value === undefined && this.#options.keepUnset === true)
      return `\${${name}/${pattern}/${replacement}}`;
    return replaceMatches(value ?? '', { pattern, replacement, all });
  }

  #operand(stop: string, keepEscapes: boolean, missing = "syntax error: missing '}'"): string {
    const before = this.#keepEscapes;
    this.#keepEscapes = keepEscapes;
    try {
      return this.readUntil(stop).text;
    } catch (problem) {
      throw this.#peek() === undefined ? new SyntaxProblem(missing) : problem;
    } finally {
      this.#keepEscapes = before;
    }
  }

  /** A name, a number, or one of the shell's special parameters; empty where none stands here. */
  #name(): string {
    const rest = this.#chars.slice(this.#at, this.#at + 256).join('');
    const [name = ''] = /^(?:\d+|[@*#?\-$!]|[\p{L}_][\p{L}\p{Nd}_]*)/u.exec(rest) ?? [];
    this.#at += Array.from(name).length;
    return name;
  }

  #value(name: string): string | undefined {
    const value = this.#lookup(name);
    if (value === undefined) this.undefinedNames.add(name);
    return value;
  }
}
