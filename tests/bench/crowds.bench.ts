import { globSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ApiSocket, execOnce } from './support/api.ts';
import { type BenchRow, cost, median, speedup } from './support/bench-row.ts';
import { type MeasuredEngine, startDockerd, startGantry } from './support/engines.ts';

const crowd = 100;
const listed = 1000;
const lists = 50;
const execs = 1000;
const execsAtOnce = 8;
const restMs = 2000;
const sleeper = { Image: 'mirror/busybox', Cmd: ['sleep', '1000'] };
const wanted = 'what is wanted';

/** Many at once: a hundred containers started and removed, a thousand listed, a thousand execs in one. */
export async function bench(): Promise<BenchRow[]> {
  await using gantry = await startGantry();
  return [...(await crowdRows(gantry)), ...(await execRows(gantry)), await listRow(gantry)];
}

async function crowdRows(gantry: MeasuredEngine): Promise<BenchRow[]> {
  await startAndRemove(gantry, 8);
  const ours = [await startAndRemove(gantry, crowd), await startAndRemove(gantry, crowd)].map(total);
  await using dockerd = await startDockerd();
  if (dockerd === undefined) return [];
  const theirs = await startAndRemove(dockerd, crowd);
  await sleep(restMs);
  const again = await startAndRemove(gantry, crowd);
  const measured = { unit: 'ms', against: dockerd.name };
  const name = `${crowd} containers started at once and removed`;
  return [
    speedup({ ...measured, name, ours: median([...ours, total(again)]), other: total(theirs) }, 8),
    speedup({ ...measured, name: '  of it started', ours: again.startMs, other: theirs.startMs }),
    speedup({ ...measured, name: '  of it removed', ours: again.removeMs, other: theirs.removeMs }),
  ];
}

interface CrowdTimes {
  startMs: number;
  removeMs: number;
}

function total({ startMs, removeMs }: CrowdTimes): number {
  return startMs + removeMs;
}

async function startAndRemove(engine: MeasuredEngine, count: number): Promise<CrowdTimes> {
  using api = new ApiSocket(engine.socketPath);
  const begun = performance.now();
  const ids = await Promise.all(Array.from({ length: count }, () => startSleeper(api)));
  const started = performance.now();
  await Promise.all(ids.map((id) => api.call('DELETE', `/v1.41/containers/${id}?force=1`)));
  return { startMs: started - begun, removeMs: performance.now() - started };
}

/** What is left after a thousand execs that was not there after the first few. */
async function execRows(gantry: MeasuredEngine): Promise<BenchRow[]> {
  using api = new ApiSocket(gantry.socketPath);
  const id = await startSleeper(api);
  await runExecs(api, id, execs / 10);
  const before = await holdings(gantry);
  await runExecs(api, id, execs);
  const after = await holdings(gantry);
  await api.call('DELETE', `/v1.41/containers/${id}?force=1`);
  const left = (name: string, unit: string, key: keyof Holdings, allowed: number): BenchRow =>
    cost(
      {
        name: `  ${name}`,
        unit,
        ours: Math.max(0, after[key] - before[key]),
        other: allowed,
        against: wanted,
      },
      1,
    );
  return [
    left(`descriptors left by ${execs} execs`, 'descriptors', 'descriptors', 4),
    left(`processes left by ${execs} execs`, 'processes', 'processes', 1),
    left(`memory left by ${execs} execs`, 'MB', 'rssMb', 8),
  ];
}

async function runExecs(api: ApiSocket, id: string, count: number): Promise<void> {
  let begun = 0;
  const lane = async (): Promise<void> => {
    while (begun++ < count) await execOnce(api, id, ['/bin/true']);
  };
  await Promise.all(Array.from({ length: execsAtOnce }, lane));
}

interface Holdings {
  descriptors: number;
  /** The engine's, and those that serve it: their arguments name its directories. */
  processes: number;
  rssMb: number;
}

async function holdings({ pid, socketPath }: MeasuredEngine): Promise<Holdings> {
  await sleep(restMs);
  const root = path.dirname(socketPath);
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return {
    descriptors: readdirSync(`/proc/${pid}/fd`).length,
    processes: globSync('/proc/[0-9]*/cmdline').filter((file) => isAbout(file, root)).length,
    rssMb: Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) / 1024,
  };
}

function isAbout(commandLine: string, text: string): boolean {
  try {
    return readFileSync(commandLine, 'utf8').includes(text);
  } catch {
    return false;
  }
}

async function listRow(gantry: MeasuredEngine): Promise<BenchRow> {
  using api = new ApiSocket(gantry.socketPath);
  const create = (): Promise<{ Id: string }> => api.call('POST', '/v1.41/containers/create', sleeper);
  const made = await Promise.all(Array.from({ length: listed }, create));
  const times: number[] = [];
  for (let round = 0; round < lists; round += 1) {
    const begun = performance.now();
    const { text } = await api.ask('GET', '/v1.41/containers/json?all=1');
    times.push(performance.now() - begun);
    const containers = JSON.parse(text) as unknown[];
    if (containers.length < listed) throw new Error(`${containers.length} containers are listed`);
  }
  await Promise.all(made.map(({ Id }) => api.call('DELETE', `/v1.41/containers/${Id}`)));
  const name = `ps -a of ${listed} containers by the API, median`;
  return cost({ name, unit: 'ms', ours: median(times), other: 10, against: wanted }, 1);
}

async function startSleeper(api: ApiSocket): Promise<string> {
  const { Id: id } = await api.call<{ Id: string }>('POST', '/v1.41/containers/create', sleeper);
  await api.call('POST', `/v1.41/containers/${id}/start`);
  return id;
}
