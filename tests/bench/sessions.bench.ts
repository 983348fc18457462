import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { temporaryRoot } from '@gantry/testkit';
import { run } from '../support/processes.ts';
import { type BenchRow, cost, inTurns, speedup } from './support/bench-row.ts';
import { type MeasuredEngine, startDockerd, startGantry } from './support/engines.ts';

const files = 20_000;
const rounds = 1;

/**
 * Builds over a session by one client, ours, against BuildKit where the dockerd that is found has it: a directory of many files that
 * the engine has never seen, the same with nothing changed, and with one file changed.
 */
export async function bench(): Promise<BenchRow[]> {
  await using folder = await temporaryRoot('bench-sessions');
  await using gantry = await startGantry();
  await using dockerd = await startDockerd();
  if (dockerd === undefined || !(await hasBuildKit(dockerd))) return [];
  const engines = [gantry, dockerd] as const;
  const against = `BuildKit of ${dockerd.name}`;
  const measure = async (way: (engine: MeasuredEngine) => Promise<void>): Promise<[number, number]> => {
    const ways = engines.map((engine) => () => way(engine));
    const [ours = Number.NaN, other = Number.NaN] = await inTurns(rounds, ways);
    return [ours, other];
  };
  let made = 0;
  const [ours, other] = await measure((engine) => build(gantry, engine, makeContext(folder.path, made++)));
  const rows = [speedup({ name: `COPY of ${files} files never seen`, unit: 'ms', ours, other, against })];
  const context = makeContext(folder.path, made);
  const [oursAgain, otherAgain] = await measure((engine) => build(gantry, engine, context));
  const same = { name: '  nothing changed', unit: 'ms', ours: oursAgain, other: otherAgain, against };
  let changes = 0;
  const [oursChanged, otherChanged] = await measure((engine) => {
    writeFileSync(path.join(context, 'd7/f7'), `changed ${changes++}`);
    return build(gantry, engine, context);
  });
  const changed = { name: '  one file changed', unit: 'ms', ours: oursChanged, other: otherChanged, against };
  return [...rows, cost(same, 0.5), speedup(changed)];
}

async function hasBuildKit({ socketPath }: MeasuredEngine): Promise<boolean> {
  const { stdout } = await run('curl', ['-sI', '--unix-socket', socketPath, 'http://engine/_ping']);
  return /^builder-version: 2/im.test(stdout);
}

/** By the CLI of `client`. */
async function build(client: MeasuredEngine, { socketPath }: MeasuredEngine, context: string): Promise<void> {
  const [program, ...words] = client.cli;
  const own = words.map((word) => (word === `unix://${client.socketPath}` ? `unix://${socketPath}` : word));
  const { exitCode, stderr } = await run(program, [...own, 'build', '-q', '-t', 'bench', context]);
  if (exitCode !== 0) throw new Error(stderr);
}

function makeContext(folder: string, index: number): string {
  const context = path.join(folder, `context-${index}`);
  mkdirSync(context);
  writeFileSync(path.join(context, 'Dockerfile'), 'FROM mirror/busybox\nCOPY . /files/\n');
  for (let file = 0; file < files; file++) {
    const directory = path.join(context, `d${file % 100}`);
    if (file < 100) mkdirSync(directory);
    writeFileSync(path.join(directory, `f${file}`), `content of ${file} in ${index}\n`.repeat(20));
  }
  return context;
}
