import { BuildOptionNotBuiltError, InvalidBuildError } from './errors.ts';

/** The attributes of something, each to be asked for by its name; what nobody asks for is refused. */
export class NamedAttributes {
  readonly #owner: string;
  readonly #left: Map<string, string>;

  /** `owner` is what messages call that which has them. */
  constructor(owner: string, attributes: ReadonlyMap<string, string>) {
    this.#owner = owner;
    this.#left = new Map(attributes);
  }

  text(name: string): string | undefined {
    const value = this.#left.get(name);
    this.#left.delete(name);
    return value;
  }

  /** An attribute that is there without a value is true. Throws `InvalidBuildError`. */
  flag(name: string): boolean | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    if (['', '1', 't', 'T', 'true', 'TRUE', 'True'].includes(value)) return true;
    if (['0', 'f', 'F', 'false', 'FALSE', 'False'].includes(value)) return false;
    throw this.#invalid(name, value, 'it is true or false');
  }

  /** Throws `InvalidBuildError` for what is no whole number between the bounds. */
  number(name: string, least: number, most: number): number | undefined {
    const value = this.text(name);
    if (value === undefined || value === '') return undefined;
    const number = Number(value);
    if (Number.isSafeInteger(number) && number >= least && number <= most) return number;
    throw this.#invalid(name, value, `it is a whole number from ${least} to ${most}`);
  }

  /** Throws `InvalidBuildError`. */
  choice<T extends string>(name: string, choices: readonly T[]): T | undefined {
    const value = this.text(name);
    if (value === undefined || value === '') return undefined;
    const found = choices.find((choice) => choice === value);
    if (found !== undefined) return found;
    throw this.#invalid(name, value, `it is one of ${choices.join(', ')}`);
  }

  /** All whose names match; each as the match and the value. */
  matching(pattern: RegExp): { match: RegExpExecArray; value: string }[] {
    return [...this.#left].flatMap(([name, value]) => {
      const match = pattern.exec(name);
      if (match !== null) this.#left.delete(name);
      return match === null ? [] : [{ match, value }];
    });
  }

  /** Throws `BuildOptionNotBuiltError` when one is set that no method was called for. */
  end(): void {
    const [name] = this.#left.keys();
    if (name !== undefined) throw new BuildOptionNotBuiltError(`the attribute '${name}' of ${this.#owner}`);
  }

  #invalid(name: string, value: string, rule: string): InvalidBuildError {
    return new InvalidBuildError(
      `invalid value ${JSON.stringify(value)} of '${name}' for ${this.#owner}: ${rule}`,
    );
  }
}
