import { posix } from 'node:path';
import { PathPatternError } from '../errors.ts';

/** A `.dockerignore` file of more bytes than any author writes. */
const maxIgnoreFileBytes = 1024 * 1024;

/**
 * The patterns of a `.dockerignore` file in their order, cleaned: comments (`#` in the first column), blank lines and byte order
 * mark left out, blanks trimmed, paths made relative to the context. Throws `PathPatternError` for a file past its bound.
 */
export function readIgnoreFile(bytes: Uint8Array): string[] {
  if (bytes.length > maxIgnoreFileBytes)
    throw new PathPatternError('.dockerignore', `the file has more than ${maxIgnoreFileBytes} bytes`);
  const lines = new TextDecoder().decode(bytes).split('\n');
  const patterns = lines.filter((line) => !line.startsWith('#')).map((line) => line.trim());
  return patterns.filter((pattern) => pattern !== '').map(cleaned);
}

function cleaned(pattern: string): string {
  const negated = pattern.startsWith('!');
  const path = negated ? pattern.slice(1).trim() : pattern;
  return (negated ? '!' : '') + (path === '' ? '' : relative(path));
}

function relative(path: string): string {
  const clean = posix.normalize(path).replace(/(?<=.)\/$/, '');
  return clean.length > 1 && clean.startsWith('/') ? clean.slice(1) : clean;
}
