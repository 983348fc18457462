import type { FileStat } from '@gantry/kernel';
import { InvalidBuildError } from '../errors.ts';

/** What `--chmod` makes of a file's mode. */
export type ModeChange = (stat: Pick<FileStat, 'mode' | 'kind'>) => number;

const classes: Readonly<Record<string, number>> = { u: 0o4700, g: 0o2070, o: 0o1007, a: 0o7777 };
const permissions: Readonly<Record<string, number>> = { r: 0o444, w: 0o222, x: 0o111 };
const clause = /^([ugoa]*)([-+=])([rwxXst]*)$/;

/**
 * Reads an octal mode, or chmod(1)'s symbolic clauses (`u=rw,go+X`). Directories and files change alike; links never. Throws
 * `InvalidBuildError`.
 */
export function readModeChange(text: string): ModeChange {
  if (/^[0-7]{1,4}$/.test(text)) {
    const mode = Number.parseInt(text, 8);
    return () => mode;
  }
  if (/^[0-7]+$/.test(text)) {
    throw new InvalidBuildError(
      `invalid chmod parameter: '${text}'. it should be octal string and between 0 and 07777`,
    );
  }
  const changes = text.split(',').map((part) => readClause(text, part));
  return ({ mode, kind }) => changes.reduce((before, change) => change(before, kind), mode & 0o7777);
}

function readClause(text: string, part: string): (mode: number, kind: FileStat['kind']) => number {
  const match = clause.exec(part);
  if (match === null)
    throw new InvalidBuildError(`invalid chmod parameter: '${text}'. it should be octal or symbolic`);
  const [, who = '', operator = '', letters = ''] = match;
  const mask = Array.from(who === '' ? 'a' : who).reduce((bits, letter) => bits | (classes[letter] ?? 0), 0);
  return (mode, kind) => {
    const wanted = bitsOf(letters, mode, kind) & mask;
    if (operator === '+') return mode | wanted;
    return operator === '-' ? mode & ~wanted : (mode & ~(mask & 0o777)) | wanted;
  };
}

function bitsOf(letters: string, mode: number, kind: FileStat['kind']): number {
  let bits = 0;
  for (const letter of letters) {
    if (letter === 'X') bits |= kind === 'directory' || (mode & 0o111) !== 0 ? 0o111 : 0;
    else if (letter === 's') bits |= 0o6000;
    else if (letter === 't') bits |= 0o1000;
    else bits |= permissions[letter] ?? 0;
  }
  return bits;
}
