/** The `--name=value` words at the start of a statement's text, unquoted, and the rest of it. */
export interface FlaggedText {
  readonly flags: readonly string[];
  readonly rest: string;
}

/**
 * Parts `text` after its flags. `--` alone ends them. A quoted part of a flag loses its quotes and keeps its spaces.
 * Nothing is thrown: an open quote ends with the text.
 */
export function partFlags(text: string, escape: '\\' | '`'): FlaggedText {
  const flags: string[] = [];
  let rest = text.trimStart();
  while (rest.startsWith('--')) {
    const { word, length } = readFlag(rest, escape);
    rest = rest.slice(length).trimStart();
    if (word === '--') break;
    flags.push(word);
  }
  return { flags, rest: rest.trim() };
}

function readFlag(text: string, escape: string): { word: string; length: number } {
  let word = '';
  let quote = '';
  let at = 0;
  for (; at < text.length; at++) {
    const char = text[at] ?? '';
    if (quote === '' && /\s/.test(char)) break;
    if (char === quote) quote = '';
    else if (quote === '' && (char === '"' || char === "'")) quote = char;
    else if (char === escape) word += text[++at] ?? '';
    else word += char;
  }
  return { word, length: at };
}
