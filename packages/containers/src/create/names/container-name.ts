import { randomInt } from 'node:crypto';
import { InvalidContainerNameError } from '../../errors.ts';
import { adjectives, surnames } from './name-words.ts';

/** Combinations tried before a number is added. */
const plainAttempts = 6;

/** A name without its leading slash, checked. Throws `InvalidContainerNameError`. */
export function containerName(given: string): string {
  const name = given.replace(/^\//, '');
  if (!/^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/.test(name)) throw new InvalidContainerNameError(given);
  return name;
}

/** A name of two words that `isFree` accepts; with a number behind it when the words alone are taken. */
export function generateName(isFree: (name: string) => boolean): string {
  for (let attempt = 0; ; attempt += 1) {
    const words = `${pick(adjectives)}_${pick(surnames)}`;
    const name = attempt < plainAttempts ? words : `${words}${randomInt(10 ** Math.min(9, attempt - 4))}`;
    if (isFree(name)) return name;
  }
}

function pick(words: readonly string[]): string {
  return words[randomInt(words.length)] ?? '';
}
