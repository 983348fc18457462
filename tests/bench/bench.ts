/**
 * `npm run bench [-- filter…]` builds the programs and runs this file, which runs every `*.bench.ts` beside this file (each exports `bench`) and
 * prints figures, ratios and whether targets are met. Each file runs in a process, a mount and a network namespace of its
 * own, with /run in memory, so that none disturbs the machine or the next. Exits 0 whatever the figures: they are for people; a timed assertion
 * has no place in a test. Exits 1 when a benchmark fails or does not end.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { globSync } from 'node:fs';
import path from 'node:path';
import { type Bench, type BenchRow, meets } from './support/bench-row.ts';

const longestMs = 180_000;
const inside = '--inside';

const words = process.argv.slice(2);
if (words[0] === inside) await runOne(words[1] ?? '');
else await runAll(words);

async function runAll(filters: readonly string[]): Promise<void> {
  const files = globSync('*.bench.ts', { cwd: import.meta.dirname })
    .sort()
    .filter((file) => filters.length === 0 || filters.some((filter) => file.includes(filter)));
  for (const file of files) {
    console.log(`── ${file.replace('.bench.ts', '')}`);
    if (!(await runApart(file))) process.exitCode = 1;
  }
}

/** False when the benchmark failed, or was ended because it took too long. */
async function runApart(file: string): Promise<boolean> {
  const script = 'ip link set lo up && mount -t tmpfs -o mode=755 tmpfs /run && exec "$0" "$@"';
  const own = ['--mount', '--net', '--propagation', 'private', 'sh', '-c', script];
  const child = spawn('unshare', [...own, process.execPath, import.meta.filename, inside, file], {
    stdio: ['ignore', 'inherit', 'inherit'],
    timeout: longestMs,
  });
  const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
  if (signal !== null) console.log(`${file}: ended after ${longestMs / 1000} s`);
  return code === 0;
}

async function runOne(file: string): Promise<void> {
  const { bench } = (await import(path.join(import.meta.dirname, file))) as { bench: Bench };
  for (const row of await bench()) console.log(render(row));
}

function render(row: BenchRow): string {
  const met = meets(row);
  const verdict = met === undefined ? '' : met ? '  met' : '  MISSED';
  const target = row.target === undefined ? '' : `  target ${wanted(row.target)}`;
  const figures = `${round(row.ours)} ${row.unit} against ${round(row.other)} (${row.against})`;
  return `${row.name}: ${figures}  ratio ${round(row.ratio)}${target}${verdict}`;
}

function wanted(target: NonNullable<BenchRow['target']>): string {
  return 'atMost' in target ? `≤ ${target.atMost}` : `≥ ${target.atLeast}`;
}

function round(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toFixed(2);
}
