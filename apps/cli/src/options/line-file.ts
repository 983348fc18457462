import { readFileSync } from 'node:fs';
import { CommandError } from '../errors.ts';

/**
 * The entries of an `--env-file` or `--label-file`: one a line, blank lines and `#` comments skipped. A name alone
 * takes the value that `lookup` has for it, or is left out. Throws `CommandError` (exit code 125) in Docker's words.
 */
export function readLineFile(file: string, lookup: (name: string) => string | undefined): string[] {
  const lines = readText(file)
    .replace(/^\ufeff/, '')
    .split(/\r?\n/);
  const entries: string[] = [];
  for (const [index, rawLine] of lines.entries()) {
    if (rawLine.includes('\0')) throw failure(`invalid utf8 bytes at line ${index + 1}: ${rawLine}`);
    const line = rawLine.trimStart();
    if (line === '' || line.startsWith('#')) continue;
    const equals = line.indexOf('=');
    const name = equals < 0 ? line : line.slice(0, equals);
    if (name === '') throw failure(`no variable name on line '${line}'`);
    if (/\s/.test(name.trimStart())) throw failure(`variable '${name}' contains whitespaces`);
    const value = equals < 0 ? lookup(line.trim()) : line.slice(equals + 1);
    if (value !== undefined) entries.push(`${name.trim()}=${value}`);
  }
  return entries;
}

function readText(file: string): string {
  try {
    return new TextDecoder('utf8', { fatal: true }).decode(readFileSync(file));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') throw failure(`open ${file}: no such file or directory`, error);
    if (code === 'ERR_ENCODING_INVALID_ENCODED_DATA') throw failure(`invalid utf8 bytes in ${file}`, error);
    throw failure(`open ${file}: ${code ?? String(error)}`, error);
  }
}

function failure(message: string, cause?: unknown): CommandError {
  return new CommandError(125, message, { cause });
}
