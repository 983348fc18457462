import { errorMessage, parseByteSize, parseGoDuration } from '@gantry/base';
import { RegistrySettingsError } from './errors.ts';

type Fields = Readonly<Record<string, unknown>>;

const dayMs = 86_400_000;

/**
 * One object of the configuration while it is read: every value is checked, and what was not asked for is refused at the end.
 *
 * ```ts
 * const section = new Section(value, 'cache');
 * const settings = { url: section.text('url'), lifeMs: section.durationMs('tag-lifetime') ?? 60_000 };
 * section.end();
 * ```
 * Every method throws `RegistrySettingsError`, naming the place, and gives undefined for a key that is not there.
 */
export class Section {
  readonly #at: string;
  readonly #fields: Fields;
  readonly #asked = new Set<string>();

  constructor(value: unknown, at: string) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw new RegistrySettingsError(at, 'must be an object');
    }
    this.#at = at;
    this.#fields = value as Fields;
  }

  /** Whether the key is there at all. */
  has(key: string): boolean {
    return this.#take(key) !== undefined;
  }

  text(key: string): string | undefined {
    const value = this.#take(key);
    if (value === undefined) return undefined;
    if (typeof value !== 'string' || value === '') this.fail(key, 'must be a text that is not empty');
    return value;
  }

  flag(key: string): boolean | undefined {
    const value = this.#take(key);
    if (value === undefined || typeof value === 'boolean') return value;
    this.fail(key, 'must be true or false');
  }

  /** Whether the value is true or false, for keys that may also be something else. */
  isFlag(key: string): boolean {
    return typeof this.#take(key) === 'boolean';
  }

  /** A whole number. */
  count(key: string, { least, most }: { least: number; most: number }): number | undefined {
    const value = this.#take(key);
    if (value === undefined) return undefined;
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < least || value > most) {
      this.fail(key, `must be a whole number from ${least} to ${most}`);
    }
    return value;
  }

  /** `90s`, `1h30m`, and `30d`; above zero. */
  durationMs(key: string): number | undefined {
    const text = this.text(key);
    if (text === undefined) return undefined;
    const days = /^(\d{1,5})d$/.exec(text)?.[1];
    let durationMs: number;
    try {
      durationMs = days === undefined ? parseGoDuration(text) / 1e6 : Number(days) * dayMs;
    } catch (error) {
      return this.fail(key, errorMessage(error));
    }
    if (durationMs < 1) this.fail(key, 'must be longer than nothing');
    return durationMs;
  }

  /** A number of bytes, or `500M`, `10G`, `1.5TiB` in powers of 1024; above zero. */
  sizeBytes(key: string): number | undefined {
    const value = this.#take(key);
    if (value === undefined) return undefined;
    const text = typeof value === 'number' || typeof value === 'string' ? String(value) : '';
    try {
      const sizeBytes = parseByteSize(text);
      if (Number.isSafeInteger(sizeBytes) && sizeBytes > 0) return sizeBytes;
    } catch {
      // What is wrong with it is said below, for all that is wrong.
    }
    this.fail(key, 'must be a number of bytes or a size such as "10G"');
  }

  texts(key: string): readonly string[] | undefined {
    const value = this.#take(key);
    if (value === undefined) return undefined;
    const sound = Array.isArray(value) && value.every((item) => typeof item === 'string' && item !== '');
    if (!sound) this.fail(key, 'must be a list of texts');
    return value as readonly string[];
  }

  /** An `http` or `https` address without user, query and fragment; without a `/` at its end. */
  url(key: string): string | undefined {
    const text = this.text(key);
    if (text === undefined) return undefined;
    const url = URL.parse(text);
    const plain =
      url !== null &&
      /^https?:$/.test(url.protocol) &&
      `${url.username}${url.password}${url.search}${url.hash}` === '';
    if (!plain) this.fail(key, 'must be an http or https address without user, query and fragment');
    return text.replace(/\/+$/, '');
  }

  section(key: string): Section | undefined {
    const value = this.#take(key);
    return value === undefined ? undefined : new Section(value, `${this.#at}.${key}`);
  }

  sections(key: string): readonly Section[] | undefined {
    const value = this.#take(key);
    if (value === undefined) return undefined;
    if (!Array.isArray(value)) this.fail(key, 'must be a list of objects');
    return value.map((item, index) => new Section(item, `${this.#at}.${key}[${index}]`));
  }

  /** The value of a key that must be there. */
  required<T>(key: string, value: T | undefined): T {
    return value ?? this.fail(key, 'is missing');
  }

  fail(key: string, problem: string): never {
    throw new RegistrySettingsError(`${this.#at}.${key}`, problem);
  }

  /** Refuses the first key that nobody asked for. */
  end(): void {
    const unknown = Object.keys(this.#fields).find((key) => !this.#asked.has(key));
    if (unknown !== undefined) this.fail(unknown, `is not known; known are ${[...this.#asked].join(', ')}`);
  }

  #take(key: string): unknown {
    this.#asked.add(key);
    return this.#fields[key];
  }
}
