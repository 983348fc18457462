import { constants } from 'node:os';
import { InvalidOptionError } from './errors.ts';

const numbers: ReadonlyMap<string, number> = new Map([
  ...Object.entries(constants.signals),
  // signal(7): with glibc the first real-time signal is 34, the last 64.
  ...Array.from({ length: 16 }, (_, index): [string, number] => [`SIGRTMIN+${index}`, 34 + index]),
  ...Array.from({ length: 15 }, (_, index): [string, number] => [`SIGRTMAX-${index}`, 64 - index]),
  ['SIGRTMIN', 34],
  ['SIGRTMAX', 64],
  ['SIGCLD', constants.signals.SIGCHLD],
]);

export const sigkill: number = constants.signals.SIGKILL;
export const sigterm: number = constants.signals.SIGTERM;

/** The number of `KILL`, `sigkill`, `SIGRTMIN+3` or `9`. Throws `InvalidOptionError` with Docker's words. */
export function parseSignal(text: string): number {
  if (/^\d+$/.test(text)) {
    const number = Number(text);
    if (number >= 1 && number <= 64) return number;
  }
  const upper = text.toUpperCase();
  const number = numbers.get(upper.startsWith('SIG') ? upper : `SIG${upper}`);
  if (number === undefined) throw new InvalidOptionError(`invalid signal: ${text}`, { option: 'signal' });
  return number;
}
