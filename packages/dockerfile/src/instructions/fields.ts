import { parseGoBoolean, splitCommas } from '@gantry/base';
import { SyntaxProblem } from '../errors.ts';

/** One of the comma-parted fields of `--mount` or `--device`; `value` is undefined where there is no `=`. */
export interface Field {
  readonly key: string;
  readonly value: string | undefined;
  readonly written: string;
}

/** Parts a CSV record into fields; keys come in lower case. */
export function readFields(text: string): Field[] {
  return splitCommas(text).map((written) => {
    const at = written.indexOf('=');
    if (at < 0) return { key: written.toLowerCase(), value: undefined, written };
    return { key: written.slice(0, at).toLowerCase(), value: written.slice(at + 1), written };
  });
}

/** Go's boolean; a key alone is true. Throws `SyntaxProblem`. */
export function booleanField(key: string, value: string | undefined): boolean {
  if (value === undefined) return true;
  try {
    return parseGoBoolean(value);
  } catch {
    throw new SyntaxProblem(`invalid value for ${key}: ${value}`);
  }
}
