import { InvalidOptionError } from '../../errors.ts';

/** The user's variables, then those of the image that the user does not set (or unset, by a name without `=`). */
export function mergeVariables(own: readonly string[], inherited: readonly string[]): string[] {
  const names = new Set(own.map(nameOf));
  return [...own, ...inherited.filter((entry) => !names.has(nameOf(entry)))];
}

/** `base` with each entry of `changes` in place of the one of that name, or added; a name without `=` takes it away. */
export function applyVariables(base: readonly string[], changes: readonly string[]): string[] {
  const variables = new Map(base.map((entry) => [nameOf(entry), entry]));
  for (const entry of changes) {
    if (entry.includes('=')) variables.set(nameOf(entry), entry);
    else variables.delete(entry);
  }
  return [...variables.values()];
}

/** Throws `InvalidOptionError` for an entry without a name, or with a NUL. */
export function checkVariables(entries: readonly string[]): void {
  for (const entry of entries) {
    if (nameOf(entry) === '' || entry.includes('\0')) {
      throw new InvalidOptionError(`invalid environment variable: ${entry}`, { option: 'Config.Env' });
    }
  }
}

function nameOf(entry: string): string {
  const separator = entry.indexOf('=');
  return separator < 0 ? entry : entry.slice(0, separator);
}
