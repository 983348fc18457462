/** `k=v` texts as an object; a text without `=` is a key with an empty value. The last of a key counts. */
export function parseKeyValues(texts: readonly string[]): Record<string, string> {
  return Object.fromEntries(texts.map((text) => splitOnce(text, '=')));
}

/** Splits at the first separator; the second part is empty when there is none. */
export function splitOnce(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + separator.length)];
}

/** Docker's `--filter name=value`: names in lower case, values in the order given. */
export function parseFilters(texts: readonly string[]): Map<string, string[]> {
  const filters = new Map<string, string[]>();
  for (const text of texts.filter((text) => text !== '')) {
    const [name, value] = splitOnce(text, '=');
    const key = name.trim().toLowerCase();
    filters.set(key, [...(filters.get(key) ?? []), value.trim()]);
  }
  return filters;
}
