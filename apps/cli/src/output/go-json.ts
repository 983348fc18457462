/** JSON as Go's encoder writes it by itself: `<`, `>` and `&` escaped, lest it be put into HTML. */
export function goJson(value: unknown): string {
  return JSON.stringify(value).replaceAll(/[<>&]/g, (letter) => `\\u00${letter.charCodeAt(0).toString(16)}`);
}
