/**
 * Runs one suite with node:test, a process a file:
 *   unit    *.test.ts in packages and apps, no root
 *   root    *.root.test.ts: real kernel
 *   system  tests/**: the real daemon, the real CLIs
 *   inputs  tests/inputs: images of real programs, built and run; needs the host's network and its mirrors, a minute or more
 *   faults-long  tests/faults-long: the walks of tests/faults, many times as long; not part of `npm test`
 * Root and system files run in mount and network namespaces of their own, but for `*.host.test.ts`, which need the host's.
 * What Node.js compiles is kept for the next process (in node_modules/.cache), for a suite is hundreds of them.
 * Usage: node scripts/run-tests.ts <suite> [path filter…]. Ends with `N passed, N failed`. In CI a skip is a failure, and
 * a root or system file that failed is run once more, alone, when the others are done: what passes then is told as
 * unsteady, with the output of its failure, and is a defect to mend.
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import path from 'node:path';

interface Run {
  output: string;
  code: number;
  seconds: number;
}

interface FileResult extends Omit<Run, 'code'> {
  file: string;
  good: boolean;
  passed: number;
  skipped: number;
  failed: number;
}

const ownNamespaces = [
  ...'unshare --mount --net --propagation private -- sh -c'.split(' '),
  'ip link set lo up; exec "$@"',
  'sh',
];
const root = path.resolve(import.meta.dirname, '..');
/** Of `scripts/fetch-docker.sh`; there where the host's docker is too old. */
const fetchedDocker = path.join(root, 'node_modules/.cache/docker/bin');
const environment = {
  NODE_COMPILE_CACHE: path.join(root, 'node_modules/.cache/gantry-tests'),
  ...process.env,
  ...(existsSync(fetchedDocker) ? { PATH: `${fetchedDocker}:${process.env['PATH'] ?? ''}` } : {}),
};
const [suite = 'unit', ...filters] = process.argv.slice(2);
/** A file that takes longer hangs. */
const fileTimeoutMs = { 'faults-long': 3_600_000, inputs: 900_000 }[suite] ?? 300_000;
const files = filesOf(suite).filter(
  (file) => filters.length === 0 || filters.some((filter) => file.includes(filter)),
);
if (suite !== 'unit' && process.getuid?.() !== 0) {
  console.error(`the ${suite} suite needs root: it makes mounts, namespaces and cgroups`);
  process.exit(1);
}
if (files.length === 0) {
  console.error(`no test file matches ${suite} ${filters.join(' ')}`);
  process.exit(1);
}

const oldDocker = dockerOlderThan28();
const leftOut = oldDocker === undefined ? [] : files.filter(comparesWithDocker);
if (oldDocker !== undefined && leftOut.length > 0) {
  console.log(
    `left out, for they compare with the docker CLI 28 and this machine has ${oldDocker}: ${leftOut.join(' ')}`,
  );
}

const totals = { passed: 0, failed: 0, skipped: leftOut.length };
const queue = files.filter((file) => !leftOut.includes(file));
/** One more than there are processors: a file of root or system kind waits for half of its time, for engines to start and end. */
const lanes = suite === 'faults-long' ? 1 : availableParallelism() + 1;
/** In CI, files that are to be run again. More than a few is no unsteadiness. */
const again: FileResult[] = [];
const maxAgain = suite === 'unit' || process.env['CI'] === undefined ? 0 : 3;
await Promise.all(Array.from({ length: lanes }, () => lane()));
for (const first of again) {
  const second = await runFile(first.file);
  tell(second);
  if (second.good) console.log(`unsteady: ${first.file} failed at first and passed alone`);
  count(second);
}
if (process.env['CI'] !== undefined && totals.skipped > 0) totals.failed += totals.skipped;
console.log(
  `${totals.passed} passed, ${totals.failed} failed${totals.skipped > 0 ? `, ${totals.skipped} skipped` : ''}`,
);
process.exitCode = totals.failed > 0 ? 1 : 0;

/** The version of the docker CLI where it is too old to be compared with, or `none`. */
function dockerOlderThan28(): string | undefined {
  const { stdout } = spawnSync('docker', ['--version'], { encoding: 'utf8', env: environment });
  const version = /version (\d+)\.[\d.]+/.exec(stdout ?? '');
  return Number(version?.[1] ?? 0) >= 28 ? undefined : (version?.[0] ?? 'none');
}

function comparesWithDocker(file: string): boolean {
  return /\brunDocker\b|docker CLI 28/.test(readFileSync(path.join(root, file), 'utf8'));
}

async function lane(): Promise<void> {
  for (let file = queue.shift(); file !== undefined; file = queue.shift()) {
    const result = await runFile(file);
    if (!result.good && again.length < maxAgain) {
      again.push(result);
      console.log(`to be run again: ${file} (${result.seconds.toFixed(1)} s)\n${quoted(result.output)}`);
    } else {
      tell(result);
      count(result);
    }
  }
}

function tell({ file, good, seconds, output }: FileResult): void {
  console.log(`${good ? 'ok  ' : 'FAIL'} ${file} (${seconds.toFixed(1)} s)`);
  if (!good) console.log(output.trimEnd());
}

function quoted(output: string): string {
  return output.trimEnd().replaceAll(/^/gm, '  | ');
}

function count({ passed, skipped, failed }: FileResult): void {
  totals.passed += passed;
  totals.skipped += skipped;
  totals.failed += failed;
}

function resultOf(file: string, { output, code, seconds }: Run): FileResult {
  const told = (word: string): number => Number(new RegExp(`^# ${word} (\\d+)$`, 'm').exec(output)?.[1] ?? 0);
  // A hook that fails at the top level is told as `not ok`, but is neither counted nor in the exit code (Node.js 24).
  const notOk = output.match(/^not ok /gm)?.length ?? 0;
  const failed = Math.max(told('fail') + told('cancelled'), notOk);
  const good = code === 0 && failed === 0;
  return {
    file,
    good,
    output,
    seconds,
    passed: told('pass'),
    skipped: told('skipped') + told('todo'),
    failed: failed > 0 ? failed : Number(code !== 0),
  };
}

function runFile(file: string): Promise<FileResult> {
  const node = [process.execPath, '--test-reporter=tap', '--test-timeout=120000', file];
  const own = suite === 'unit' || file.endsWith('.host.test.ts') ? [] : ownNamespaces;
  const [command = '', ...args] = [...own, ...node];
  const started = performance.now();
  return new Promise((resolve, reject) => {
    const env = { ...environment, ...(oldDocker === undefined ? {} : { GANTRY_OLD_DOCKER: oldDocker }) };
    const child = spawn(command, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.on('error', reject);
    const bound = setTimeout(() => {
      output += `\n${file} did not end: a test or what it left open holds the process\n`;
      child.kill('SIGKILL');
    }, fileTimeoutMs);
    child.on('close', (code) => {
      clearTimeout(bound);
      resolve(resultOf(file, { output, code: code ?? 1, seconds: (performance.now() - started) / 1000 }));
    });
  });
}

function filesOf(name: string): string[] {
  const inUnits = globSync('{apps,packages}/**/*.test.ts', {
    cwd: root,
    exclude: (entry) => entry === 'node_modules',
  }).sort();
  if (name === 'unit') return inUnits.filter((file) => !file.endsWith('.root.test.ts'));
  if (name === 'root') return inUnits.filter((file) => file.endsWith('.root.test.ts'));
  if (name === 'system')
    return globSync('tests/**/*.test.ts', { cwd: root })
      .filter((file) => !/node_modules|^tests\/(?:faults-long|inputs)\//.test(file))
      .sort();
  if (name === 'faults-long') return globSync('tests/faults-long/*.test.ts', { cwd: root }).sort();
  if (name === 'inputs') return globSync('tests/inputs/*.test.ts', { cwd: root }).sort();
  console.error(`unknown suite '${name}': unit, root, system, inputs or faults-long`);
  return [];
}
