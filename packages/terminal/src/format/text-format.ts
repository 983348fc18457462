/** The first twelve characters of an id, without `sha256:`. */
export function shortId(id: string): string {
  const start = id.startsWith('sha256:') ? 'sha256:'.length : 0;
  return id.slice(start, start + 12);
}

/** At most `maxWidth` columns; what is cut off is shown as `…`. Wide characters count two. */
export function truncate(text: string, maxWidth: number): string {
  if (maxWidth <= 0) return '';
  const characters = Array.from(text);
  if (maxWidth === 1) return characters[0] ?? '';
  if (displayWidth(text) <= maxWidth) return text;
  let width = 0;
  let kept = '';
  for (const character of characters) {
    width += isWide(character) ? 2 : 1;
    if (width > maxWidth - 1) break;
    kept += character;
  }
  return `${kept}…`;
}

/** Terminal columns that `text` takes. */
export function displayWidth(text: string): number {
  let width = 0;
  for (const character of text) width += isWide(character) ? 2 : 1;
  return width;
}

/** A double-quoted Go string literal: `"a\tb"`. Printable Unicode stays. */
export function quote(text: string): string {
  let quoted = '';
  for (const character of text) quoted += quoteCharacter(character);
  return `"${quoted}"`;
}

const escapes: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\x07': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
};

function quoteCharacter(character: string): string {
  if (character >= ' ' && character <= '~' && character !== '"' && character !== '\\') return character;
  const escape = escapes[character];
  if (escape !== undefined) return escape;
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x20 || code === 0x7f) return `\\x${code.toString(16).padStart(2, '0')}`;
  if (code < 0x7f || /[\p{L}\p{M}\p{N}\p{P}\p{S}]/u.test(character)) return character;
  return code > 0xffff
    ? `\\U${code.toString(16).padStart(8, '0')}`
    : `\\u${code.toString(16).padStart(4, '0')}`;
}

/** East Asian wide and full-width blocks, and emoji (Unicode TR 11, coarse). */
function isWide(character: string): boolean {
  const code = character.codePointAt(0) ?? 0;
  return (
    code >= 0x1100 &&
    (code <= 0x115f ||
      (code >= 0x2e80 && code <= 0xa4cf) ||
      (code >= 0xac00 && code <= 0xd7a3) ||
      (code >= 0xf900 && code <= 0xfaff) ||
      (code >= 0xfe30 && code <= 0xfe6f) ||
      (code >= 0xff00 && code <= 0xff60) ||
      (code >= 0xffe0 && code <= 0xffe6) ||
      (code >= 0x1f300 && code <= 0x1f64f) ||
      (code >= 0x1f900 && code <= 0x1f9ff) ||
      (code >= 0x20000 && code <= 0x3fffd))
  );
}
