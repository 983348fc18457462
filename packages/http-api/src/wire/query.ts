import { InvalidRequestError } from '../errors.ts';

/** Values that Docker takes for false; everything else is true (`httputils.BoolValue`). */
const falseWords = new Set(['', '0', 'no', 'false', 'none']);

/** The query string of a request, read with Docker's rules. Names are case-sensitive; of several values the first counts. */
export class Query {
  readonly #parameters: URLSearchParams;

  constructor(text: string) {
    this.#parameters = new URLSearchParams(text);
  }

  has(name: string): boolean {
    return this.#parameters.has(name);
  }

  /** The value, or `''`. */
  text(name: string): string {
    return this.#parameters.get(name) ?? '';
  }

  /** All values of a repeatable parameter, in order. */
  all(name: string): string[] {
    return this.#parameters.getAll(name);
  }

  /** Docker's boolean; `missing` when the parameter is not there at all. */
  flag(name: string, missing = false): boolean {
    const value = this.#parameters.get(name);
    return value === null ? missing : !falseWords.has(value.trim().toLowerCase());
  }

  /** Undefined when missing or empty. Throws `InvalidRequestError` for what is not a whole number that is exact in a double. */
  integer(name: string): number | undefined {
    const text = this.text(name);
    if (text === '') return undefined;
    const value = Number(text);
    if (!/^[+-]?\d+$/.test(text) || !Number.isSafeInteger(value)) {
      throw new InvalidRequestError(
        `invalid value ${JSON.stringify(bounded(text))} for ${name}: not an integer`,
      );
    }
    return value;
  }

  /** `seconds[.fraction]` since the epoch as nanoseconds; undefined when missing or empty. */
  timestampNs(name: string): bigint | undefined {
    const text = this.text(name);
    if (text === '') return undefined;
    const match = /^(-?\d{1,11})(?:\.(\d{1,9})\d*)?$/.exec(text);
    if (match === null) {
      throw new InvalidRequestError(
        `invalid value ${JSON.stringify(bounded(text))} for ${name}: not seconds since the epoch`,
      );
    }
    return BigInt(match[1] ?? '0') * 1_000_000_000n + BigInt((match[2] ?? '').padEnd(9, '0'));
  }
}

/** Text of a client that goes into an error message: never long. */
export function bounded(text: string): string {
  return text.length <= 128 ? text : `${text.slice(0, 128)}…`;
}
