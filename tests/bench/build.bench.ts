import { request } from 'node:http';
import { encodeTarHeader, tarEnd, tarPadding } from '@gantry/oci';
import { run } from '../support/processes.ts';
import { type BenchRow, cost, inTurns, speedup } from './support/bench-row.ts';
import { type MeasuredEngine, startDockerd, startGantry } from './support/engines.ts';

const image = 'mirror/busybox';
const stepSeconds = 2;
const steps = 3;
const copiedFiles = 20_000;
/** Takes a core for about a second. */
const work = 'dd if=/dev/zero bs=1M count=300 2>/dev/null | sha256sum >/dev/null';

/**
 * Builds by the API that needs no session, of the same archive by each engine: what is cached, what runs, what is copied, and what
 * runs side by side.
 */
export async function bench(): Promise<BenchRow[]> {
  await using gantry = await startGantry();
  await using dockerd = await startDockerd();
  if (dockerd === undefined) return [];
  const engines = [gantry, dockerd] as const;
  return [await cached(engines), await sleeping(gantry), await copying(engines), await sideBySide(gantry)];
}

type Engines = readonly [gantry: MeasuredEngine, dockerd: MeasuredEngine];

async function cached(engines: Engines): Promise<BenchRow> {
  const lines = Array.from(
    { length: 5 },
    (_, index) => `RUN echo ${index} > /${index}\nCOPY file /c${index}`,
  );
  const archive = contextOf({ Dockerfile: `FROM ${image}\n${lines.join('\n')}\n`, file: 'x' });
  const [ours, other] = await both(engines, 5, (engine) => build(engine, archive));
  return cost({ name: '10 steps, all cached', unit: 'ms', ours, other, against: engines[1].name }, 0.5);
}

/** Against the same commands by a shell. */
async function sleeping(gantry: MeasuredEngine): Promise<BenchRow> {
  const command = `sleep ${stepSeconds}`;
  const lines = Array.from({ length: steps }, (_, index) => `RUN ${command} && echo ${index} > /${index}`);
  const archive = contextOf({ Dockerfile: `FROM ${image}\n${lines.join('\n')}\n` });
  const [ours = Number.NaN, other = Number.NaN] = await inTurns(1, [
    () => build(gantry, archive, '&nocache=1'),
    async () => {
      for (let index = 0; index < steps; index++) await run('sh', ['-c', command]);
    },
  ]);
  return cost(
    { name: `${steps} commands of ${stepSeconds} s`, unit: 'ms', ours, other, against: 'the commands' },
    1.05,
  );
}

async function copying(engines: Engines): Promise<BenchRow> {
  const files = Array.from({ length: copiedFiles }, (_, index) => [
    `files/d${index % 100}/f${index}`,
    `content of ${index}\n`.repeat(20),
  ]);
  const dockerfile = { Dockerfile: `FROM ${image}\nCOPY files /files\n` };
  const archive = contextOf({ ...dockerfile, ...Object.fromEntries(files) });
  const [ours, other] = await both(engines, 2, (engine) => build(engine, archive, '&nocache=1'));
  const name = `COPY of ${copiedFiles} files`;
  return speedup({ name, unit: 'ms', ours, other, against: engines[1].name }, 2);
}

async function sideBySide(gantry: MeasuredEngine): Promise<BenchRow> {
  const stages = ['a', 'b', 'c', 'd'];
  const apart = stages.map((stage) => `FROM ${image} AS ${stage}\nRUN ${work} && echo > /${stage}\n`);
  const copies = stages.map((stage) => `COPY --from=${stage} /${stage} /\n`);
  const inStages = contextOf({ Dockerfile: `${apart.join('')}FROM ${image}\n${copies.join('')}` });
  const runs = stages.map((stage) => `RUN ${work} && echo > /${stage}\n`);
  const inSequence = contextOf({ Dockerfile: `FROM ${image}\n${runs.join('')}` });
  const [ours = Number.NaN, other = Number.NaN] = await inTurns(1, [
    () => build(gantry, inStages, '&nocache=1'),
    () => build(gantry, inSequence, '&nocache=1'),
  ]);
  return speedup({ name: 'four stages', unit: 'ms', ours, other, against: 'one after the other' }, 1.7);
}

async function both(
  engines: Engines,
  rounds: number,
  way: (engine: MeasuredEngine) => Promise<void>,
): Promise<[ours: number, other: number]> {
  const ways = engines.map((engine) => () => way(engine));
  const [ours = Number.NaN, other = Number.NaN] = await inTurns(rounds, ways);
  return [ours, other];
}

function contextOf(files: Readonly<Record<string, string>>): Buffer {
  const members = Object.entries(files).flatMap(([name, text]) => {
    const content = Buffer.from(text);
    const header = encodeTarHeader({ type: 'file', name: Buffer.from(name), sizeBytes: content.length });
    return [header, content, tarPadding(content.length)];
  });
  return Buffer.concat([...members, tarEnd]);
}

/** Rejects when the build fails. */
function build({ socketPath }: MeasuredEngine, archive: Buffer, query = ''): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const path = `/v1.41/build?t=bench&networkmode=none&rm=1&forcerm=1${query}`;
  const headers = { 'Content-Type': 'application/x-tar', 'Content-Length': archive.length };
  const sending = request({ socketPath, method: 'POST', path, headers }, (response) => {
    let text = '';
    response.on('data', (chunk: Buffer) => {
      text += chunk.toString();
    });
    response.on('error', reject);
    response.on('end', () => {
      if (text.includes('Successfully built')) resolve();
      else reject(new Error(text.slice(-1000)));
    });
  });
  sending.on('error', reject);
  sending.end(archive);
  return promise;
}
