const indent = ' '.repeat(9);

/** A remark beside a command's own output, as Docker's CLI sets it. */
export function noteText(note: string): string {
  return `\n Info -> ${note.replaceAll('\n', `\n${indent}`)}\n`;
}
