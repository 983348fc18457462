const maxDistance = 2;

/** ` (did you mean X?)` for the one of `options` that is a slip of the finger away from `word`, else an empty string. */
export function suggestion(word: string, options: readonly string[]): string {
  const match = nearest(word, options);
  return match === undefined ? '' : ` (did you mean ${match}?)`;
}

/**
 * The one of `options` that is at most two letters (added, dropped or changed) away from `word`, written in the case
 * of `word`; none where one is equal but for case.
 */
export function nearest(word: string, options: readonly string[]): string | undefined {
  const lower = word.toLowerCase();
  let best: { option: string; distance: number } | undefined;
  for (const option of options) {
    const distance = editDistance(lower, option.toLowerCase());
    if (distance === 0) return undefined;
    if (distance <= maxDistance && distance < (best?.distance ?? Infinity)) best = { option, distance };
  }
  return best === undefined ? undefined : inCaseOf(word, best.option);
}

function inCaseOf(word: string, option: string): string {
  if (word === word.toLowerCase()) return option.toLowerCase();
  return word === word.toUpperCase() ? option.toUpperCase() : option;
}

/** Levenshtein's distance; anything past the bound is told as infinite, so that long words cost nothing. */
function editDistance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > maxDistance) return Infinity;
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const change = (previous[column - 1] ?? 0) + (a[row - 1] === b[column - 1] ? 0 : 1);
      current.push(Math.min(change, (previous[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1));
    }
    previous = current;
  }
  return previous[b.length] ?? Infinity;
}
