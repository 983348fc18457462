import { quote } from '../format/text-format.ts';
import { formatVerbs } from './printf.ts';
import { compareText, isRecord, isTrue, printNumber, type Value } from './values.ts';

/** A template function; throws `Error` with Go's words when the arguments do not fit. */
export type TemplateFunction = (...values: Value[]) => Value;

/** What `printf "%v"` and friends need to know to print a value. */
export type Printer = (value: Value) => string;

/** Go's built-in functions and those that Docker adds. `and` and `or` are evaluated lazily, elsewhere. */
export function templateFunctions(print: Printer): ReadonlyMap<string, TemplateFunction> {
  return new Map<string, TemplateFunction>([
    ['not', (value) => !isTrue(value)],
    ['eq', (first, ...rest) => rest.some((value) => equal(first, value))],
    ['ne', (left, right) => !equal(left, right)],
    ['lt', (left, right) => order(left, right) < 0],
    ['le', (left, right) => order(left, right) <= 0],
    ['gt', (left, right) => order(left, right) > 0],
    ['ge', (left, right) => order(left, right) >= 0],
    ['len', length],
    ['index', (value, ...keys) => keys.reduce(indexOne, value)],
    ['slice', sliceValue],
    ['print', (...values) => printSpaced(values, print)],
    ['println', (...values) => `${values.map(print).join(' ')}\n`],
    ['printf', (format, ...values) => formatVerbs(String(format), values, print)],
    ['html', (...values) => escapeHtml(printSpaced(values, print))],
    ['js', (...values) => quote(printSpaced(values, print)).slice(1, -1)],
    ['urlquery', (...values) => encodeURIComponent(printSpaced(values, print)).replaceAll('%20', '+')],
    ['json', toJson],
    ['split', (value, separator) => text(value).split(text(separator))],
    ['join', (values, separator) => list(values).map(print).join(text(separator))],
    [
      'title',
      (value) =>
        text(value).replace(
          /(^|[^\p{L}\p{N}_'])(\p{L})/gu,
          (_, before: string, letter: string) => before + letter.toUpperCase(),
        ),
    ],
    ['lower', (value) => text(value).toLowerCase()],
    ['upper', (value) => text(value).toUpperCase()],
    [
      'pad',
      (value, before, after) =>
        text(value) && ' '.repeat(number(before)) + text(value) + ' '.repeat(number(after)),
    ],
    ['truncate', (value, length) => Array.from(text(value)).slice(0, number(length)).join('')],
  ]);
}

/** JSON as Go's encoder writes it: an object's keys in the order given, no spaces. */
function toJson(value: Value): string {
  return JSON.stringify(value ?? null);
}

function equal(left: Value, right: Value): boolean {
  if (left === null || left === undefined || right === null || right === undefined) {
    return (left ?? null) === (right ?? null);
  }
  if (typeof left === 'object' || typeof right === 'object') throw new Error('non-comparable type');
  if (typeof left !== typeof right) throw new Error('incompatible types for comparison');
  return left === right;
}

function order(left: Value, right: Value): number {
  if (typeof left === 'number' && typeof right === 'number') return left - right;
  if (typeof left === 'string' && typeof right === 'string') return compareText(left, right);
  throw new Error(
    typeof left === typeof right ? 'invalid type for comparison' : 'incompatible types for comparison',
  );
}

function length(value: Value): number {
  if (typeof value === 'string') return Buffer.byteLength(value);
  if (Array.isArray(value)) return value.length;
  if (isRecord(value)) return Object.keys(value).length;
  throw new Error(
    value === null || value === undefined ? 'len of nil pointer' : `len of type ${typeof value}`,
  );
}

function indexOne(value: Value, key: Value): Value {
  if (isRecord(value)) {
    const found = Object.hasOwn(value, text(key)) ? value[text(key)] : undefined;
    if (found !== undefined) return found;
    return Object.values(value).every((item) => typeof item === 'string') ? '' : null;
  }
  if (value === null || value === undefined) throw new Error('index of untyped nil');
  if (typeof value !== 'string' && !Array.isArray(value))
    throw new Error(`can't index item of type ${typeof value}`);
  const at = number(key);
  if (at < 0 || at >= value.length) throw new Error(`index out of range: ${printNumber(at)}`);
  return typeof value === 'string' ? Buffer.from(value)[at] : (value[at] as Value);
}

function sliceValue(value: Value, from: Value = 0, to?: Value): Value {
  if (typeof value === 'string') {
    const bytes = Buffer.from(value);
    return bytes.subarray(checked(from, bytes.length), checked(to ?? bytes.length, bytes.length)).toString();
  }
  const items = list(value);
  return items.slice(checked(from, items.length), checked(to ?? items.length, items.length));
}

function checked(index: Value, max: number): number {
  const at = number(index);
  if (at < 0 || at > max) throw new Error(`index out of range: ${at}`);
  return at;
}

/** `print` puts a space only between operands of which neither is a string. */
function printSpaced(values: Value[], print: Printer): string {
  return values
    .map((value, index) => {
      const previous = values[index - 1];
      const spaced = index > 0 && typeof value !== 'string' && typeof previous !== 'string';
      return (spaced ? ' ' : '') + print(value);
    })
    .join('');
}

function escapeHtml(value: string): string {
  const entities: Record<string, string> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&#34;',
    "'": '&#39;',
  };
  return value.replace(/[&<>"']/g, (character) => entities[character] ?? character);
}

function text(value: Value): string {
  if (typeof value === 'string') return value;
  throw new Error(`wrong type for value; expected string; got ${typeName(value)}`);
}

function number(value: Value): number {
  if (typeof value === 'number') return value;
  throw new Error(`wrong type for value; expected int; got ${typeName(value)}`);
}

function list(value: Value): Value[] {
  if (Array.isArray(value)) return value as Value[];
  if (value === null || value === undefined) return [];
  throw new Error(`wrong type for value; expected []string; got ${typeName(value)}`);
}

function typeName(value: Value): string {
  if (value === null || value === undefined) return 'nil';
  if (Array.isArray(value)) return '[]interface {}';
  if (isRecord(value)) return 'map[string]interface {}';
  return typeof value === 'number' ? 'int' : typeof value === 'boolean' ? 'bool' : typeof value;
}
