import { CommandError } from '../../errors.ts';

/** One `key=value` of a flag's value; the value is undefined for a key alone. */
export type Attribute = readonly [key: string, value: string | undefined];

/** The fields of a line of CSV (RFC 4180, as Go reads it): `a,"b,c"`. Throws `CommandError` for a quote in a wrong place. */
export function readFields(text: string): string[] {
  const fields: string[] = [];
  for (let at = 0; ; at++) {
    const { field, end } = text[at] === '"' ? readQuoted(text, at) : readBare(text, at);
    fields.push(field);
    at = end;
    if (at >= text.length) return fields;
  }
}

/** The attributes of `type=local,dest=out`, with keys in lower case. */
export function readAttributes(text: string): Attribute[] {
  return readFields(text).map((field): Attribute => {
    const equals = field.indexOf('=');
    return equals < 0
      ? [field.trim(), undefined]
      : [field.slice(0, equals).trim().toLowerCase(), field.slice(equals + 1).trim()];
  });
}

/** The same, of which each must have a value. */
export function readPairs(text: string): [key: string, value: string][] {
  return readAttributes(text).map(([key, value]) => {
    if (value === undefined)
      throw new CommandError(1, `ERROR: invalid field '${key}' must be a key=value pair`);
    return [key, value];
  });
}

function readBare(text: string, start: number): { field: string; end: number } {
  const comma = text.indexOf(',', start);
  const end = comma < 0 ? text.length : comma;
  const field = text.slice(start, end);
  if (field.includes('"')) throw new CommandError(1, `ERROR: bare " in non-quoted field: ${text}`);
  return { field, end };
}

function readQuoted(text: string, start: number): { field: string; end: number } {
  let field = '';
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] !== '"') field += text[at];
    else if (text[at + 1] === '"') {
      field += '"';
      at += 1;
    } else if (at + 1 === text.length || text[at + 1] === ',') return { field, end: at + 1 };
    else break;
  }
  throw new CommandError(1, `ERROR: extraneous or missing " in quoted-field: ${text}`);
}
