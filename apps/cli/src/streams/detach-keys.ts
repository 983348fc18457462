import { CommandError } from '../errors.ts';

/** What Docker detaches with when nothing else is said. */
export const defaultDetachKeys: string = 'ctrl-p,ctrl-q';

/** The bytes of `ctrl-p,ctrl-q`, `a`, `ctrl-@`. Throws `CommandError` for a key that has no byte. */
export function parseDetachKeys(text: string): Uint8Array {
  return Uint8Array.from(text.split(','), (key) => {
    if (/^[\x20-\x7e]$/.test(key)) return key.charCodeAt(0);
    const control = /^ctrl-([a-z@[\\\]^_])$/i.exec(key)?.[1];
    if (control === undefined)
      throw new CommandError(125, `invalid detach keys (${text}): Unknown character: '${key}'`);
    return control.toUpperCase().charCodeAt(0) & 0x1f;
  });
}

/**
 * Watches input for the keys. What may be their beginning is held back until the next bytes tell; all else passes.
 */
export class DetachWatcher {
  readonly #keys: Uint8Array;
  #held: number[] = [];

  constructor(keys: Uint8Array) {
    this.#keys = keys;
  }

  /** The bytes to pass on, and whether the keys came; what follows them is dropped. */
  filter(chunk: Uint8Array): { data: Uint8Array; detached: boolean } {
    const passed: number[] = [];
    for (const byte of chunk) {
      this.#held.push(byte);
      while (!this.#isBeginning()) passed.push(this.#held.shift() ?? 0);
      if (this.#held.length === this.#keys.length) return { data: Uint8Array.from(passed), detached: true };
    }
    return { data: Uint8Array.from(passed), detached: false };
  }

  #isBeginning(): boolean {
    return this.#held.every((byte, index) => byte === this.#keys[index]);
  }
}
