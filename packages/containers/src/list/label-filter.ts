/** Docker's `label` filter: `key` (present) or `key=value` (equal). */
export function matchesLabelFilter(labels: Readonly<Record<string, string>>, filter: string): boolean {
  const separator = filter.indexOf('=');
  if (separator < 0) return Object.hasOwn(labels, filter);
  const key = filter.slice(0, separator);
  return Object.hasOwn(labels, key) && labels[key] === filter.slice(separator + 1);
}
