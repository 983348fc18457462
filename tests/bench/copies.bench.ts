import { createReadStream, mkdirSync, rmSync, statSync } from 'node:fs';
import { request } from 'node:http';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { temporaryRoot } from '@gantry/testkit';
import { run } from '../support/processes.ts';
import { type BenchRow, inTurns, speedup } from './support/bench-row.ts';
import { type MeasuredEngine, startDockerd, startGantry } from './support/engines.ts';

const megabytes = 512;
const rounds = 5;
const container = 'copied';

/** One large file copied out of a container and into it: by the API alone, and by each engine's own CLI. */
export async function bench(): Promise<BenchRow[]> {
  await using folder = await temporaryRoot('bench-copies');
  const file = path.join(folder.path, 'large');
  const archive = path.join(folder.path, 'large.tar');
  await ok('dd', 'if=/dev/urandom', `of=${file}`, 'bs=1M', `count=${megabytes}`);
  await ok('tar', '-C', folder.path, '-cf', archive, 'large');
  await using gantry = await startGantry();
  await using dockerd = await startDockerd();
  if (dockerd === undefined) return [];
  const engines = [gantry, dockerd];
  for (const { cli } of engines) {
    await ok(...cli, 'create', '--name', container, 'mirror/busybox', 'true');
    await ok(...cli, 'cp', file, `${container}:/large`);
  }
  const rows: BenchRow[] = [];
  const measure = async (name: string, way: (engine: MeasuredEngine) => Promise<unknown>): Promise<void> => {
    const ways = engines.map((engine) => async () => {
      await way(engine);
    });
    const [ours = Number.NaN, other = Number.NaN] = await inTurns(rounds, ways);
    rows.push(speedup({ name, unit: 'ms', ours, other, against: dockerd.name }, 1));
  };
  const apiPath = `/v1.41/containers/${container}/archive?path=`;
  await measure(`${megabytes} MB out by the API`, ({ socketPath }) => get(socketPath, `${apiPath}/large`));
  await measure('  and in', ({ socketPath }) => put(socketPath, `${apiPath}/`, archive));
  const out = path.join(folder.path, 'out');
  mkdirSync(out);
  await measure('out by cp', async ({ cli }) => {
    await ok(...cli, 'cp', `${container}:/large`, out);
    rmSync(path.join(out, 'large'));
  });
  await measure('  and in', ({ cli }) => ok(...cli, 'cp', file, `${container}:/large`));
  return rows;
}

async function ok(command: string, ...args: string[]): Promise<void> {
  const { exitCode, stderr } = await run(command, args, { timeoutMs: 60_000 });
  if (exitCode !== 0) throw new Error(`${command} ${args.join(' ')}: ${stderr}`);
}

function get(socketPath: string, url: string): Promise<void> {
  return new Promise((resolve, reject) => {
    request({ socketPath, path: url }, (response) => {
      response.resume().on('end', resolve).on('error', reject);
    })
      .on('error', reject)
      .end();
  });
}

async function put(socketPath: string, url: string, archive: string): Promise<void> {
  const headers = { 'Content-Type': 'application/x-tar', 'Content-Length': statSync(archive).size };
  const sending = request({ socketPath, path: url, method: 'PUT', headers });
  const answered = new Promise<number>((resolve, reject) => {
    sending.on('response', (response) => {
      response.resume().on('end', () => resolve(response.statusCode ?? 0));
    });
    sending.on('error', reject);
  });
  await pipeline(createReadStream(archive, { highWaterMark: 1 << 20 }), sending);
  const status = await answered;
  if (status !== 200) throw new Error(`PUT ${url}: ${status}`);
}
