import { expandText, type WordOptions } from '../words/shell-words.ts';

/** A text that stands in the Dockerfile itself, after the statement that asks for it by `<<NAME`. */
export interface Heredoc {
  /** The delimiter without its quotes, which is also the file's name. */
  readonly name: string;
  /** As written, with line ends, without the line of the delimiter. `<<-` does not take tabs off here: see `heredocText`. */
  readonly content: string;
  /** The delimiter was not quoted, so that variables are put in by the builder (COPY, ADD) or by the shell (RUN). */
  readonly expand: boolean;
  /** `<<-`: tabs at the start of lines do not count. */
  readonly stripTabs: boolean;
  readonly fileDescriptor: number;
}

const mark = /^(\d*)<<(-?)\s*([^<]+)$/;
const asWritten: WordOptions = { escape: '\\', keepUnset: true };
const unset = (): undefined => undefined;

/** What a word of a statement announces, with an empty content; undefined for any other word. */
export function heredocMark(word: string): Heredoc | undefined {
  const [, descriptor = '', dash = '', delimiter] = mark.exec(word) ?? [];
  if (delimiter === undefined) return undefined;
  const plain = expandText(delimiter, unset, asWritten).words;
  const quoted = expandText(delimiter, unset, { ...asWritten, keepQuotes: true }).words;
  const [name] = plain;
  if (name === undefined || plain.length !== 1) return undefined;
  return {
    name,
    content: '',
    expand: quotes(name) === quotes(quoted[0] ?? ''),
    stripTabs: dash === '-',
    fileDescriptor: descriptor === '' ? 0 : Number(descriptor),
  };
}

/** The heredocs that a statement's text announces, in their order. Text that is no shell's announces none. */
export function heredocMarks(text: string): Heredoc[] {
  if (!text.includes('<<')) return [];
  const words = wordsAsWritten(text);
  return words.map(heredocMark).filter((heredoc) => heredoc !== undefined);
}

/** The one heredoc that is all that a RUN says: a script, and no input of a command. */
export function scriptOf(line: {
  readonly words: readonly string[];
  readonly heredocs: readonly Heredoc[];
}): Heredoc | undefined {
  const [only, ...more] = line.heredocs;
  const isAlone = more.length === 0 && /^\d*<<-?\s*\S+$/.test((line.words[0] ?? '').trim());
  return isAlone ? only : undefined;
}

/** The text that a heredoc stands for: its tabs taken off where it says so, variables put in by `expand` unless it is quoted. */
export function heredocText(heredoc: Heredoc, expand: (text: string) => string): string {
  const text = heredoc.stripTabs ? heredoc.content.replaceAll(/^\t+/gm, '') : heredoc.content;
  return heredoc.expand ? expand(text) : text;
}

function wordsAsWritten(text: string): readonly string[] {
  try {
    return expandText(text, unset, { ...asWritten, keepQuotes: true, keepEscapes: true }).words;
  } catch {
    return [];
  }
}

function quotes(text: string): number {
  return text.replaceAll(/[^'"]/g, '').length;
}
