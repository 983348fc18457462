import { InvalidOptionError } from '../errors.ts';

/** Docker's default, `ctrl-p,ctrl-q`. */
export const defaultDetachKeys: Uint8Array = Uint8Array.of(0x10, 0x11);

const controlCodes: ReadonlyMap<string, number> = new Map(
  Array.from('@abcdefghijklmnopqrstuvwxyz[\\]^_', (character, code) => [`ctrl-${character}`, code] as const),
);

/** Reads `ctrl-p,ctrl-q`, `a,b` or `DEL`: the bytes that end a session. Throws `InvalidOptionError` in Docker's words for `what`. */
export function parseDetachKeys(text: string, what: 'detach' | 'escape' = 'detach'): Uint8Array {
  const bytes = text.split(',').map((key) => {
    const code = key === 'DEL' ? 0x7f : key.length === 1 ? key.charCodeAt(0) : controlCodes.get(key);
    if (code === undefined || code > 0x7f) {
      throw new InvalidOptionError(`Invalid ${what} keys (${text}) provided`, { option: 'detachKeys' });
    }
    return code;
  });
  return Uint8Array.from(bytes);
}

/** Watches input for the detach keys. Keys that may be their beginning are held back until it is known. */
export class DetachScanner {
  readonly #keys: Uint8Array;
  #matched = 0;

  constructor(keys: Uint8Array) {
    this.#keys = keys;
  }

  /** What the process is to get of `data`; `detached` when the keys are complete: the rest is dropped. */
  scan(data: Uint8Array): { input: Uint8Array; detached: boolean } {
    const input: number[] = [];
    if (this.#matched === 0 && !data.includes(this.#keys[0] ?? -1)) return { input: data, detached: false };
    for (const byte of data) {
      if (byte !== this.#keys[this.#matched]) {
        input.push(...this.#keys.subarray(0, this.#matched));
        this.#matched = 0;
      }
      if (byte !== this.#keys[this.#matched]) {
        input.push(byte);
        continue;
      }
      this.#matched += 1;
      if (this.#matched === this.#keys.length) {
        this.#matched = 0;
        return { input: Uint8Array.from(input), detached: true };
      }
    }
    return { input: Uint8Array.from(input), detached: false };
  }
}
