import { TextProblem } from '../errors.ts';

/**
 * The strings of the JSON form `["a", "b"]`. Text that is no JSON list is in the other form: undefined, however much it looks
 * like one. Throws `SyntaxProblem` for a list of anything but strings.
 */
export function readJsonForm(text: string): string[] | undefined {
  const value = parseList(text);
  if (value === undefined) return undefined;
  if (value.every((item) => typeof item === 'string')) return value;
  throw new TextProblem('when using JSON array syntax, arrays must be comprised of strings only');
}

/** Whether a text is in the JSON form, of strings or not. */
export function isJsonList(text: string): boolean {
  return parseList(text) !== undefined;
}

function parseList(text: string): unknown[] | undefined {
  if (!text.startsWith('[')) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
