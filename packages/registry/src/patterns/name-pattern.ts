import { RegistrySettingsError } from '../settings/errors.ts';

/** Repositories or tags by a pattern: `*` is anything but a `/`, `**` anything at all, `?` one character. */
export interface NamePattern {
  readonly text: string;
  matches(name: string): boolean;
}

const allowed = /^[\w.?*+/-]{1,255}$/;

/** Throws `RegistrySettingsError` that names `at`. */
export function namePattern(text: string, at: string): NamePattern {
  if (!allowed.test(text)) {
    throw new RegistrySettingsError(at, `"${text}" is not a pattern: letters, digits, . _ - / + ? * and **`);
  }
  const source = text.replaceAll(/\*{2,}|[*?]|[^*?]+/g, (part) => {
    if (part.startsWith('**')) return '.*';
    if (part === '*') return '[^/]*';
    return part === '?' ? '[^/]' : part.replaceAll(/[.+]/g, '\\$&');
  });
  const expression = new RegExp(`^${source}$`);
  return { text, matches: (name) => expression.test(name) };
}

/** Whether one of the patterns matches. */
export function matchesAny(patterns: readonly NamePattern[], name: string): boolean {
  return patterns.some((pattern) => pattern.matches(name));
}
