import { formatGeneral } from '../format/number-format.ts';
import { quote } from '../format/text-format.ts';
import type { Printer } from './functions.ts';
import type { Value } from './values.ts';

/** Go's `fmt.Sprintf` for the verbs that make sense on JSON values: v s q d x X o b c t f e g T and %%. */
export function formatVerbs(format: string, values: readonly Value[], print: Printer): string {
  let next = 0;
  const formatted = format.replace(/%[-+ 0#]*\d*(?:\.\d+)?[a-zA-Z%]/g, (directive) => {
    const [, flags = '', width = '', precision, verb = ''] =
      /^%([-+ 0#]*)(\d*)(?:\.(\d+))?(.)$/.exec(directive) ?? [];
    if (verb === '%') return '%';
    if (next >= values.length) return `%!${verb}(MISSING)`;
    const value = values[next++];
    return pad(formatOne({ verb, flags, precision }, value, print), Number(width || 0), flags);
  });
  const extra = values.slice(next).map((value) => `${typeOf(value)}=${print(value)}`);
  return extra.length === 0 ? formatted : `${formatted}%!(EXTRA ${extra.join(', ')})`;
}

interface Verb {
  verb: string;
  flags: string;
  precision: string | undefined;
}

function formatOne({ verb, flags, precision }: Verb, value: Value, print: Printer): string {
  const bad = `%!${verb}(${typeOf(value)}=${print(value)})`;
  switch (verb) {
    case 'v':
      return print(value);
    case 's': {
      const text = print(value);
      if (typeof value === 'number' || typeof value === 'boolean') return bad;
      return precision === undefined ? text : Array.from(text).slice(0, Number(precision)).join('');
    }
    case 'q':
      return typeof value === 'string' ? quote(value) : bad;
    case 't':
      return typeof value === 'boolean' ? String(value) : bad;
    case 'T':
      return typeOf(value);
    default:
      return typeof value === 'number'
        ? formatNumber({ verb, flags, precision }, value)
        : typeof value === 'string' && /x/i.test(verb)
          ? changeCase(Buffer.from(value).toString('hex'), verb)
          : bad;
  }
}

function formatNumber({ verb, flags, precision }: Verb, value: number): string {
  const signed = (text: string): string => (flags.includes('+') && value >= 0 ? `+${text}` : text);
  const radix = { d: 10, x: 16, X: 16, o: 8, b: 2 }[verb];
  if (radix !== undefined) {
    const prefix = flags.includes('#') && radix === 16 ? `0${verb}` : '';
    return signed(prefix + changeCase(Math.trunc(value).toString(radix), verb));
  }
  if (verb === 'c') return String.fromCodePoint(value);
  if (verb === 'f' || verb === 'F') return signed(value.toFixed(Number(precision ?? 6)));
  if (verb === 'e') {
    return signed(value.toExponential(Number(precision ?? 6)).replace(/e([+-])(\d)$/, 'e$10$2'));
  }
  if (verb === 'g') return signed(formatGeneral(value, Number(precision ?? 17)));
  return `%!${verb}(int=${value})`;
}

function changeCase(text: string, verb: string): string {
  return verb === 'X' ? text.toUpperCase() : text;
}

function pad(text: string, width: number, flags: string): string {
  if (flags.includes('-')) return text.padEnd(width);
  if (!flags.includes('0')) return text.padStart(width);
  const sign = /^[+-]/.exec(text)?.[0] ?? '';
  return sign + text.slice(sign.length).padStart(width - sign.length, '0');
}

function typeOf(value: Value): string {
  if (value === null || value === undefined) return '<nil>';
  if (typeof value === 'number') return Number.isInteger(value) ? 'int' : 'float64';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'string') return 'string';
  return Array.isArray(value) ? '[]interface {}' : 'map[string]interface {}';
}
