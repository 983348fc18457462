import { createInterface } from 'node:readline';
import type { Output } from '@gantry/terminal';

/** Asks, unless `force`; true for `y`. The end of stdin is a no. */
export async function confirm(
  warning: string,
  { force, stdout }: { force: boolean; stdout: Output },
): Promise<boolean> {
  if (force) return true;
  stdout.write(`${warning}\nAre you sure you want to continue? [y/N] `);
  const lines = createInterface({ input: process.stdin });
  const answer = await new Promise<string>((resolve) => {
    lines.once('line', resolve);
    lines.once('close', () => resolve(''));
  });
  lines.close();
  process.stdin.destroy();
  return answer.trim().toLowerCase() === 'y';
}
