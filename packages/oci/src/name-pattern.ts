const allowed = /^[\w.:?*+/-]{1,255}$/;

/**
 * A pattern of names as an expression for whole names: `*` is anything but a `/`, `**` anything at all, `?` one character. Undefined for a
 * text with other characters than letters, digits, `. _ - / : +` and these.
 */
export function namePatternExpression(text: string): RegExp | undefined {
  if (!allowed.test(text)) return undefined;
  const source = text.replaceAll(/\*{2,}|[*?]|[^*?]+/g, (part) => {
    if (part.startsWith('**')) return '.*';
    if (part === '*') return '[^/]*';
    return part === '?' ? '[^/]' : part.replaceAll(/[.+]/g, '\\$&');
  });
  return new RegExp(`^${source}$`);
}
