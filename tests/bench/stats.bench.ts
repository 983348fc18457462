import { readFileSync } from 'node:fs';
import { type ClientRequest, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { ApiSocket } from './support/api.ts';
import { type BenchRow, cost } from './support/bench-row.ts';
import { type MeasuredEngine, startGantry } from './support/engines.ts';

const containers = 100;
const settleMs = 3000;
const windowMs = 15_000;
const unit = '% of a core';

/** What it costs the engine to tell one client what a hundred containers use, each in a stream of its own. */
export async function bench(): Promise<BenchRow[]> {
  await using gantry = await startGantry();
  using api = new ApiSocket(gantry.socketPath);
  const ids: string[] = [];
  for (let count = 0; count < containers; count += 1) ids.push(await startSleeper(api));
  await sleep(settleMs);
  const idle = await busyShare(gantry);
  let samples = 0;
  const streams = ids.map((id) => openStream(gantry, id, () => (samples += 1)));
  await sleep(settleMs);
  samples = 0;
  const busy = await busyShare(gantry);
  const each = samples / containers / (windowMs / 1000);
  for (const stream of streams) stream.destroy();
  await Promise.all(ids.map((id) => api.call('DELETE', `/v1.41/containers/${id}?force=1`)));
  const against = 'what is wanted';
  return [
    cost({ name: `stats of ${containers} containers, engine`, unit, ours: busy, other: 5, against }, 1),
    cost({ name: '  of it without readers', unit, ours: idle, other: busy, against: 'with' }),
    cost({ name: '  samples a second of each', unit: 'samples', ours: each, other: 1, against }),
  ];
}

async function startSleeper(api: ApiSocket): Promise<string> {
  const body = { Image: 'mirror/busybox', Cmd: ['sleep', '1000'] };
  const { Id: id } = await api.call<{ Id: string }>('POST', '/v1.41/containers/create', body);
  await api.call('POST', `/v1.41/containers/${id}/start`);
  return id;
}

function openStream({ socketPath }: MeasuredEngine, id: string, onSample: () => void): ClientRequest {
  const outgoing = request(
    { socketPath, path: `/v1.41/containers/${id}/stats`, agent: false },
    (response) => {
      response.on('data', onSample);
      response.on('error', () => {});
    },
  );
  outgoing.on('error', () => {});
  outgoing.end();
  return outgoing;
}

/** Share of one core that the engine's process, all its threads, takes over a while. */
async function busyShare({ pid }: MeasuredEngine): Promise<number> {
  const before = cpuTicks(pid);
  await sleep(windowMs);
  const seconds = (cpuTicks(pid) - before) / 100;
  return (seconds / (windowMs / 1000)) * 100;
}

/** utime and stime of proc_pid_stat(5), behind the name, which may have blanks. */
function cpuTicks(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ');
  return Number(fields[11]) + Number(fields[12]);
}
