import { parseGoBoolean, splitCommas } from '@gantry/base';
import type { FlagSpec } from './flag-spec.ts';
import { flagType } from './flag-types.ts';

/** The flags of one command line: what was given, else the defaults. Asking for a flag that the table lacks throws. */
export class FlagValues {
  readonly #specs: ReadonlyMap<string, FlagSpec>;
  readonly #given = new Map<string, string[]>();

  constructor(specs: readonly FlagSpec[]) {
    this.#specs = new Map(specs.map((spec) => [spec.name, spec]));
  }

  /** Records one occurrence, checked already. */
  add(spec: FlagSpec, value: string): void {
    const type = flagType(spec.type);
    const values = type.commas ? splitCommas(value) : [value];
    const earlier = type.multiple ? (this.#given.get(spec.name) ?? []) : [];
    this.#given.set(spec.name, [...earlier, ...values]);
  }

  /** True when the flag was given, whatever its value. */
  has(name: string): boolean {
    this.#spec(name);
    return this.#given.has(name);
  }

  /** False, and no failure, for a flag that the table lacks. */
  hasIfKnown(name: string): boolean {
    return this.#specs.has(name) && this.has(name);
  }

  boolean(name: string): boolean {
    return parseGoBoolean(this.#last(name) ?? 'false');
  }

  /** The empty string when neither given nor defaulted. */
  string(name: string): string {
    return this.#last(name) ?? '';
  }

  /** Undefined when not given and without a default. */
  number(name: string): number | undefined {
    const value = this.#last(name);
    return value === undefined ? undefined : Number(value);
  }

  list(name: string): readonly string[] {
    this.#spec(name);
    return this.#given.get(name) ?? [];
  }

  /** Names of the flags that were given. */
  get given(): readonly string[] {
    return [...this.#given.keys()];
  }

  #last(name: string): string | undefined {
    const spec = this.#spec(name);
    return this.#given.get(name)?.at(-1) ?? spec.defaultValue;
  }

  #spec(name: string): FlagSpec {
    const spec = this.#specs.get(name);
    if (spec === undefined) throw new Error(`the grammar has no flag --${name} here`);
    return spec;
  }
}
