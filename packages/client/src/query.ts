/** A query value: undefined is left out, true and false are `1` and `0`, a list repeats the name. */
export type QueryValue = string | number | boolean | readonly string[] | undefined;

/** `?a=b&c=d`, encoded; empty when nothing is set. */
export function formatQuery(values: Readonly<Record<string, QueryValue>>): string {
  const parts: string[] = [];
  for (const [name, value] of Object.entries(values)) {
    if (value === undefined) continue;
    const list = Array.isArray(value)
      ? (value as readonly string[])
      : [scalar(value as string | number | boolean)];
    for (const item of list) parts.push(`${name}=${encodeURIComponent(item)}`);
  }
  return parts.length === 0 ? '' : `?${parts.join('&')}`;
}

/** Filters as Docker's map of sets: `{"label":{"a=b":true}}`; undefined when there are none. */
export function formatFilters(
  filters: ReadonlyMap<string, readonly string[]> | undefined,
): string | undefined {
  if (filters === undefined || filters.size === 0) return undefined;
  const sets = [...filters].map(([name, values]) => [
    name,
    Object.fromEntries(values.map((value) => [value, true])),
  ]);
  return JSON.stringify(Object.fromEntries(sets));
}

/** An image name as a path: its slashes, colons and `@` stay. */
export function imagePath(name: string): string {
  return encodeURIComponent(name).replace(/%(2F|3A|40)/g, (code) => decodeURIComponent(code));
}

function scalar(value: string | number | boolean): string {
  if (typeof value === 'boolean') return value ? '1' : '0';
  return String(value);
}
