/**
 * A list of texts as headers. What headers cannot carry is escaped as in a query, and a second header says so; an empty list is no header.
 */
export function headerValues(
  name: string,
  values: readonly string[],
): Readonly<Record<string, readonly string[]>> {
  if (values.length === 0) return {};
  if (values.every((value) => /^[\x20-\x7e]*$/.test(value))) return { [name]: values };
  return { [name]: values.map(escapeQuery), [`${name}-encoded`]: ['1'] };
}

function escapeQuery(value: string): string {
  return encodeURIComponent(value).replaceAll('%20', '+');
}
