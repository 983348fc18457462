/**
 * The least text that is greater than every text that begins with `prefix`, in the order of UTF-8's bytes, which is that of
 * code points; undefined where there is none.
 */
export function keyAfterPrefix(prefix: string): string | undefined {
  const characters = Array.from(prefix);
  for (let last = characters.pop(); last !== undefined; last = characters.pop()) {
    const next = (last.codePointAt(0) ?? 0) + 1;
    // Surrogates are no characters, and U+10FFFF is the last one.
    if (next <= 0x10ffff) {
      return characters.join('') + String.fromCodePoint(next === 0xd800 ? 0xe000 : next);
    }
  }
  return undefined;
}
