/**
 * Parts a text at its blanks where they are neither quoted nor escaped. Quotes and escapes stay: they are taken off when
 * variables are put in. An open quote ends with the text.
 */
export function splitWords(text: string, escape: '\\' | '`'): string[] {
  const words: string[] = [];
  let word: string | undefined;
  let quote = '';
  for (let at = 0; at < text.length; at++) {
    const char = text[at] ?? '';
    if (quote === '' && /\s/.test(char)) {
      if (word !== undefined) words.push(word);
      word = undefined;
      continue;
    }
    if (char === escape && quote !== "'") {
      if (at + 1 < text.length) word = `${word ?? ''}${char}${text[++at]}`;
      continue;
    }
    if (quote === '' && (char === '"' || char === "'")) quote = char;
    else if (char === quote) quote = '';
    word = `${word ?? ''}${char}`;
  }
  return word === undefined ? words : [...words, word];
}

/** Words parted by blanks alone, as EXPOSE and FROM have them. */
export function splitBlanks(text: string): string[] {
  return text === '' ? [] : text.split(/[\t\v\f\r ]+/);
}
