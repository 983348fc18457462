import { readFileSync } from 'node:fs';

/**
 * Throws when a bundle holds anything but ASCII: V8 keeps such a source in twice the memory. esbuild escapes strings and names;
 * what is left are regular expressions, where µ is to be written `\u00b5`.
 */
export function assertAscii(file: string): void {
  const found = /.{0,40}[^\x00-\x7f].{0,40}/u.exec(readFileSync(file, 'utf8'));
  if (found !== null) throw new Error(`${file} is not ASCII; escape it where it says: ${found[0]}`);
}
