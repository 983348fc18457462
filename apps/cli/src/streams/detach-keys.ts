/** What Docker detaches with when nothing else is said: `ctrl-p,ctrl-q`. */
export const defaultDetachKeys: Uint8Array = Uint8Array.of(0x10, 0x11);

/** The bytes of `ctrl-p,ctrl-q`, `a`, `DEL`, `ctrl-@`; undefined when a key has none: the engine refuses those. */
export function parseDetachKeys(text: string): Uint8Array | undefined {
  const bytes = text.split(',').map(byteOf);
  return bytes.every((byte) => byte !== undefined) ? Uint8Array.from(bytes) : undefined;
}

function byteOf(key: string): number | undefined {
  if (key === 'DEL') return 0x7f;
  if (/^[\x20-\x7e]$/.test(key)) return key.charCodeAt(0);
  const control = /^ctrl-([a-z@[\\\]^_])$/.exec(key)?.[1];
  return control === undefined ? undefined : control.toUpperCase().charCodeAt(0) & 0x1f;
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
