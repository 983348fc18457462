import { namePatternExpression } from '@gantry/oci';
import { RegistrySettingsError } from '../settings/errors.ts';

/** Repositories or tags by a pattern: `*` is anything but a `/`, `**` anything at all, `?` one character. */
export interface NamePattern {
  readonly text: string;
  matches(name: string): boolean;
}

/** Throws `RegistrySettingsError` that names `at`. */
export function namePattern(text: string, at: string): NamePattern {
  // Names of repositories here have no host, and so no port.
  const expression = text.includes(':') ? undefined : namePatternExpression(text);
  if (expression === undefined) {
    throw new RegistrySettingsError(at, `"${text}" is not a pattern: letters, digits, . _ - / + ? * and **`);
  }
  return { text, matches: (name) => expression.test(name) };
}

/** Whether one of the patterns matches. */
export function matchesAny(patterns: readonly NamePattern[], name: string): boolean {
  return patterns.some((pattern) => pattern.matches(name));
}
