import type { FlagSpec } from '../grammar/flag-spec.ts';
import { flagType } from '../grammar/flag-types.ts';

/** The options of a command, sorted and wrapped to `columns` as pflag lays them out. */
export function flagUsages(specs: readonly FlagSpec[], columns: number): string {
  const rows = specs
    .filter(({ hidden }) => !hidden)
    .toSorted((left, right) => (left.name < right.name ? -1 : 1))
    .map((spec) => ({ head: headOf(spec), text: spec.help + defaultOf(spec) }));
  const width = Math.max(0, ...rows.map(({ head }) => head.length));
  return rows
    .map(({ head, text }) => `${head.padEnd(width)}   ${wrap(text, width + 3, columns - 1)}\n`)
    .join('');
}

function headOf({ name, shorthand, type }: FlagSpec): string {
  const label = type === 'bool' ? '' : ` ${flagType(type).label ?? type}`;
  return `  ${shorthand === undefined ? '   ' : `-${shorthand},`} --${name}${label}`;
}

function defaultOf({ type, defaultValue }: FlagSpec): string {
  if (defaultValue === undefined) return '';
  if (type === 'bytes' && defaultValue === '0') return '';
  return type === 'string' ? ` (default "${defaultValue}")` : ` (default ${defaultValue})`;
}

const slop = 5;
const leastWidth = 24;

/** Breaks at spaces; a last word may stick out by a few columns rather than stand alone. */
function wrap(text: string, indent: number, columns: number): string {
  const width = columns - indent - slop;
  if (width + slop < leastWidth) return text;
  const lines: string[] = [];
  let rest = text;
  while (width + slop <= rest.length) {
    const at = rest.lastIndexOf(' ', width - 1);
    if (at <= 0) break;
    lines.push(rest.slice(0, at));
    rest = rest.slice(at + 1);
  }
  return [...lines, rest].join(`\n${' '.repeat(indent)}`);
}
