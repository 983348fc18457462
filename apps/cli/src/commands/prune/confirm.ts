import type { Output } from '@gantry/terminal';

/** Asks, unless `force`; true for `y`. The end of stdin is a no. */
export async function confirm(
  warning: string,
  { force, stdout }: { force: boolean; stdout: Output },
): Promise<boolean> {
  if (force) return true;
  stdout.write(`${warning}\nAre you sure you want to continue? [y/N] `);
  return (await readLine()).trim().toLowerCase() === 'y';
}

/** The first line of stdin; whatever follows is not read. */
async function readLine(): Promise<string> {
  if (process.stdin.destroyed || process.stdin.readableEnded) return '';
  let text = '';
  for await (const chunk of process.stdin as AsyncIterable<Buffer>) {
    text += chunk.toString();
    if (text.includes('\n')) break;
  }
  return text.split('\n', 1)[0] ?? '';
}
