/**
 * Go's path.Match as a test: `*` and `?` do not cross a slash, `[a-z]` and `[^a]` are classes, a backslash takes the
 * next character as it is. Undefined when the pattern is malformed.
 */
export function globMatcher(pattern: string): ((text: string) => boolean) | undefined {
  let source = '';
  for (let at = 0; at < pattern.length; at += 1) {
    const character = pattern[at] ?? '';
    if (character === '*') source += '[^/]*';
    else if (character === '?') source += '[^/]';
    else if (character === '[') {
      const close = /^\[\^?(?:\\.|[^\]\\])+\]/.exec(pattern.slice(at))?.[0];
      if (close === undefined) return undefined;
      source += close;
      at += close.length - 1;
    } else if (character === '\\') {
      at += 1;
      if (at >= pattern.length) return undefined;
      source += RegExp.escape(pattern[at] ?? '');
    } else source += RegExp.escape(character);
  }
  try {
    const expression = new RegExp(`^${source}$`, 's');
    return (text) => expression.test(text);
  } catch {
    return undefined;
  }
}
