/** One CSV record: commas split, double quotes protect. */
export function splitCommas(text: string): string[] {
  const fields: string[] = [];
  const field = /(?:"((?:[^"]|"")*)"|([^,]*))(,|$)/y;
  for (let at = 0; at <= text.length; ) {
    field.lastIndex = at;
    const match = field.exec(text);
    if (match === null) return [...fields, text.slice(at)];
    fields.push(match[1]?.replaceAll('""', '"') ?? match[2] ?? '');
    if (match[3] === '') break;
    at = field.lastIndex;
  }
  return fields;
}
