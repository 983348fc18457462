/** JSON as Go's encoder writes it by itself: `<`, `>` and `&` escaped, lest it be put into HTML. */
export function goJson(value: unknown): string {
  return escaped(JSON.stringify(value));
}

/** The same, a line for each field. */
export function goJsonIndented(value: unknown, indent: string): string {
  return escaped(JSON.stringify(value, undefined, indent));
}

function escaped(json: string): string {
  return json.replaceAll(/[<>&]/g, (letter) => `\\u00${letter.charCodeAt(0).toString(16)}`);
}
