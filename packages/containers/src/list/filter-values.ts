/** Docker's `label` filter: `key` (present) or `key=value` (equal). */
export function matchesLabelFilter(labels: Readonly<Record<string, string>>, filter: string): boolean {
  const separator = filter.indexOf('=');
  if (separator < 0) return Object.hasOwn(labels, filter);
  const key = filter.slice(0, separator);
  return Object.hasOwn(labels, key) && labels[key] === filter.slice(separator + 1);
}

/** Docker takes the value as a regular expression; one that is malformed is taken as plain text. */
export function matchesPattern(text: string, pattern: string): boolean {
  if (pattern.length > 256) return text === pattern;
  try {
    return new RegExp(pattern).test(text);
  } catch {
    return text.includes(pattern);
  }
}
