import { spawn } from 'node:child_process';

/** What is typed once the terminal shows what is waited for, after what was waited for before. */
export type Talk = readonly (readonly [shown: RegExp, typed: string])[];

/** Runs a command line in a terminal of its own (script(1)) and types. Resolves with what it showed when the command ended. */
export function inTerminal(
  words: readonly string[],
  talk: Talk,
  { timeoutMs = 60_000 }: { timeoutMs?: number } = {},
): Promise<{ exitCode: number; shown: string }> {
  const command = words.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ');
  const child = spawn('script', ['-qec', command, '/dev/null'], { stdio: ['pipe', 'pipe', 'inherit'] });
  const { promise, resolve, reject } = Promise.withResolvers<{ exitCode: number; shown: string }>();
  const left = [...talk];
  let shown = '';
  let seenUpTo = 0;
  const type = (): void => {
    for (let next = left[0]; next?.[0].test(shown.slice(seenUpTo)) === true; next = left[0]) {
      left.shift();
      seenUpTo = shown.length;
      child.stdin.write(next[1]);
    }
  };
  child.stdin.on('error', () => {});
  child.stdout.on('data', (chunk: Buffer) => {
    shown += chunk.toString();
    type();
  });
  const timer = setTimeout(() => {
    child.kill('SIGKILL');
    reject(new Error(`${command} did not end; it showed ${JSON.stringify(shown)}`));
  }, timeoutMs);
  child.once('error', reject);
  child.once('close', (code) => {
    clearTimeout(timer);
    resolve({ exitCode: code ?? 128, shown });
  });
  type();
  return promise;
}
