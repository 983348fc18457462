const indentUnit = '    ';

/**
 * Lays JSON text out with four spaces, as Docker's inspect does, touching nothing else: keys keep their order and numbers
 * their digits. `depth` is the indentation that the text stands at.
 */
export function indentJson(json: string, depth: number = 0): string {
  const token = /"(?:[^"\\]|\\.)*"|[[\]{},:]|[^\s[\]{},:"]+/g;
  const lineAt = (level: number): string => `\n${indentUnit.repeat(level)}`;
  let text = '';
  let level = depth;
  let opened = false;
  for (const [part] of json.matchAll(token)) {
    const closes = part === '}' || part === ']';
    if (opened && !closes) text += lineAt(level);
    if (closes) {
      level -= 1;
      text += opened ? part : lineAt(level) + part;
    } else if (part === ',') text += part + lineAt(level);
    else if (part === ':') text += ': ';
    else text += part;
    opened = part === '{' || part === '[';
    if (opened) level += 1;
  }
  return text;
}
