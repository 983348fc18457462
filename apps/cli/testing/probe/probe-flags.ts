/**
 * Runs every command of the grammar, once plainly and once with each of its flags, against the engine on the socket that is
 * given, and prints what happened as JSON: a list of `ProbedCommand`. For `scripts/check-coverage.ts`, whose engine refuses what
 * the real one refuses and does nothing. Usage: node probe-flags.ts <socket>
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { findHandler } from '../../src/commands/built-commands.ts';
import { ContextStore } from '../../src/config/contexts/context-store.ts';
import type { CommandSpec } from '../../src/grammar/command-spec.ts';
import { type FlagSpec, parseFlagSpecs } from '../../src/grammar/flag-spec.ts';
import { FlagValues } from '../../src/grammar/flag-values.ts';
import { globalFlags, loadAllTables } from '../../src/grammar/root-table.ts';
import { runCli } from '../../src/run-cli.ts';
import { sampleLine } from './sample-lines.ts';

/** What one run of the program did. */
interface Run {
  readonly code: number;
  readonly stderr: string;
  /** Names of the flags that were looked at. */
  readonly read: ReadonlySet<string>;
}

const deadlineMs = 5_000;
const [socketPath = ''] = process.argv.slice(2);
const home = mkdtempSync(path.join(tmpdir(), 'gantry-probe-'));
process.chdir(home);
let read = new Set<string>();
listen();
const commands = [];
for (const spec of await loadAllTables()) commands.push(await probeCommand(spec));
const globals = parseFlagSpecs(globalFlags).map((flag) => ({ name: flag.name, hidden: false }));
const readGlobals = (await run(['--tls', 'version'])).read;
process.chdir('/');
rmSync(home, { recursive: true, force: true });
process.stdout.write(
  JSON.stringify({
    commands,
    globals: globals.map(({ name }) => ({ name, ignored: !readGlobals.has(name) })),
  }),
  () => process.exit(0),
);

async function probeCommand(spec: CommandSpec): Promise<object> {
  const { path: name, aliases = [], hidden = false } = spec;
  // Another program's, which prints what it likes.
  const plain = spec.passesWordsOn ? { code: 0, stderr: '', read } : await run(sampleLine(spec));
  const refusal = refusalIn(plain);
  const isBuilt = (await findHandler(name)) !== undefined;
  const flags = [];
  if (isBuilt) {
    for (const flag of parseFlagSpecs(spec.flags ?? '')) flags.push(await probeFlag(spec, flag));
  }
  return { name, aliases, hidden, isBuilt, refusal, flags };
}

async function probeFlag(spec: CommandSpec, flag: FlagSpec): Promise<object> {
  const outcome = await run(sampleLine(spec, flag));
  const { name, shorthand = '', hidden } = flag;
  const refusal = refusalIn(outcome);
  // `--help` is the parser's own.
  const ignored = refusal === '' && !outcome.read.has(name) && name !== 'help';
  return { name, shorthand, hidden, refusal, ignored };
}

/** The first line about something that is not built, whoever said it. */
function refusalIn({ stderr }: Run): string {
  return (
    stderr
      .split('\n')
      .find((line) =>
        /is not (?:built yet|implemented)|is no longer supported|does not support|not a swarm manager/.test(
          line,
        ),
      ) ?? ''
  );
}

async function run(words: readonly string[]): Promise<Run> {
  rmSync(path.join(home, 'written'), { force: true });
  rmSync(path.join(home, 'name'), { force: true });
  makeContext();
  read = new Set();
  let stderr = '';
  const finished = runCli({
    words: ['-H', `unix://${socketPath}`, ...words],
    // Nothing behind the socket speaks BuildKit's protocol: a build over it would fail before its end.
    environment: {
      HOME: home,
      DOCKER_CONFIG: home,
      PATH: process.env['PATH'],
      GANTRYD: '/bin/true',
      DOCKER_BUILDKIT: '0',
    },
    stdout: { write: () => {}, isTerminal: false },
    stderr: { write: (text) => void (stderr += String(text)), isTerminal: false },
  });
  const code = await Promise.race([finished, tooLate(words)]);
  return { code, stderr, read };
}

function tooLate(words: readonly string[]): Promise<number> {
  return new Promise((_resolve, reject) => {
    setTimeout(() => reject(new Error(`gantry ${words.join(' ')} does not end`)), deadlineMs).unref();
  });
}

/** The stored context `known`, and no `made`. */
function makeContext(): void {
  const store = new ContextStore(home);
  store.remove('made');
  store.write({ metadata: { Name: 'known', Metadata: {}, Endpoints: {} }, tls: new Map() });
}

function listen(): void {
  for (const method of ['has', 'boolean', 'string', 'number', 'list'] as const) {
    const original = FlagValues.prototype[method] as (name: string) => unknown;
    FlagValues.prototype[method] = function recorded(this: FlagValues, name: string) {
      read.add(name);
      return original.call(this, name);
    } as never;
  }
}
