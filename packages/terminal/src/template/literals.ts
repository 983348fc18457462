import { TemplateError } from '../errors.ts';
import type { Token } from './lexer.ts';

/** The value of a string, character or number token, in Go's notation. */
export function unquote({ kind, text }: Token): string | number {
  if (kind === 'number') return parseNumber(text);
  if (text.startsWith('`')) return text.slice(1, -1);
  const value = unescape(text.slice(1, -1));
  return kind === 'char' ? (value.codePointAt(0) ?? 0) : value;
}

function parseNumber(text: string): number {
  const negative = text.startsWith('-');
  const value = Number(text.replace(/^[+-]/, '').replaceAll('_', ''));
  if (Number.isNaN(value)) throw new TemplateError(`template: :1: bad number syntax: "${text}"`, true);
  return negative ? -value : value;
}

const simpleEscapes: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  "'": "'",
  '"': '"',
};

function unescape(text: string): string {
  return text.replace(/\\(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-7]{3}|.)/g, (escape) => {
    const body = escape.slice(1);
    if (body.length > 1) {
      const octal = /^[0-7]{3}$/.test(body);
      return String.fromCodePoint(Number.parseInt(octal ? body : body.slice(1), octal ? 8 : 16));
    }
    const plain = simpleEscapes[body];
    if (plain === undefined) throw new TemplateError('template: :1: invalid syntax', true);
    return plain;
  });
}
