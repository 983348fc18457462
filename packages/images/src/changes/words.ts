import { InvalidChangeError } from '../errors.ts';

/**
 * Splits at blanks as a Dockerfile does: quotes and backslashes keep blanks together and stay in the words, for
 * `expandWord` to take away.
 */
export function splitWords(text: string): string[] {
  const words: string[] = [];
  let word = '';
  let quote = '';
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at] ?? '';
    if (character === '\\' && quote !== "'" && at + 1 < text.length) {
      word += character + (text[at + 1] ?? '');
      at += 1;
    } else if (quote === '' && /\s/.test(character)) {
      if (word !== '') words.push(word);
      word = '';
    } else {
      if (quote === character) quote = '';
      else if (quote === '' && (character === '"' || character === "'")) quote = character;
      word += character;
    }
  }
  if (word !== '') words.push(word);
  return words;
}

/**
 * Takes quotes and backslashes away and puts variables in: `$NAME`, `${NAME}`, `${NAME:-default}`,
 * `${NAME:+alternative}`. Unknown variables are empty. Throws `InvalidChangeError` on an unknown modifier or an open brace.
 */
export function expandWord(word: string, variables: ReadonlyMap<string, string>): string {
  let result = '';
  let quote = '';
  for (let at = 0; at < word.length; at += 1) {
    const character = word[at] ?? '';
    if (character === quote) quote = '';
    else if (quote === '' && (character === '"' || character === "'")) quote = character;
    else if (character === '\\' && quote !== "'" && at + 1 < word.length) {
      const next = word[at + 1] ?? '';
      result += quote === '"' && !'"$\\'.includes(next) ? `\\${next}` : next;
      at += 1;
    } else if (character === '$' && quote !== "'") {
      const found = variableAt(word, at, variables);
      result += found.value;
      at += found.length - 1;
    } else result += character;
  }
  return result;
}

function variableAt(
  word: string,
  at: number,
  variables: ReadonlyMap<string, string>,
): { value: string; length: number } {
  const rest = word.slice(at);
  const plain = /^\$([A-Za-z_]\w*)/.exec(rest);
  if (plain) return { value: variables.get(plain[1] ?? '') ?? '', length: plain[0].length };
  if (!rest.startsWith('${')) return { value: '$', length: 1 };
  const braced = /^\$\{([A-Za-z_]\w*)(?::([-+])([^}]*))?\}/.exec(rest);
  if (!braced)
    throw new InvalidChangeError(`unsupported or unfinished variable in ${JSON.stringify(word)}`, word);
  const [whole, name = '', modifier, alternative = ''] = braced;
  const value = variables.get(name) ?? '';
  if (modifier === '-') return { value: value === '' ? alternative : value, length: whole.length };
  if (modifier === '+') return { value: value === '' ? '' : alternative, length: whole.length };
  return { value, length: whole.length };
}

/** `["a", "b"]`, or undefined when the text is no JSON array of strings (then it is the shell form). */
export function parseJsonForm(text: string): string[] | undefined {
  if (!text.startsWith('[')) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) && value.every((item) => typeof item === 'string') ? value : undefined;
  } catch {
    return undefined;
  }
}

/** `NAME=value …`, or the old form `NAME value with blanks`. Throws `InvalidChangeError`. */
export function parsePairs(
  instruction: string,
  text: string,
  variables: ReadonlyMap<string, string>,
): [string, string][] {
  const words = splitWords(text);
  const [first = ''] = words;
  if (!first.includes('=')) {
    const value = text.slice(first.length).trim();
    if (value === '') throw new InvalidChangeError(`${instruction} must have two arguments`, text);
    return [[expandWord(first, variables), expandWord(value, variables)]];
  }
  return words.map((word) => {
    const equals = word.indexOf('=');
    const key = expandWord(word.slice(0, Math.max(equals, 0)), variables);
    if (equals < 0) {
      throw new InvalidChangeError(
        `Syntax error - can't find = in ${JSON.stringify(word)}. Must be of the form: name=value`,
        text,
      );
    }
    if (key === '') throw new InvalidChangeError(`${instruction} names can not be blank`, text);
    return [key, expandWord(word.slice(equals + 1), variables)];
  });
}
