import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ApiSocket } from './support/api.ts';
import { type BenchRow, cost } from './support/bench-row.ts';
import { type MeasuredEngine, startGantry } from './support/engines.ts';

const containers = 100;
const unit = 'MB';

/** What an idle engine takes, and what a running container adds outside itself: engine, shim, runtime. */
export async function bench(): Promise<BenchRow[]> {
  const idleMb = await idle();
  await using gantry = await startGantry();
  using api = new ApiSocket(gantry.socketPath);
  const usedMb = rssMb(gantry.pid);
  const before = pssMb(gantry.pid);
  const ids = await Promise.all(Array.from({ length: containers }, () => startSleeper(api)));
  const outside = companions(gantry);
  const companionsMb = outside.reduce((sum, pid) => sum + pssMb(pid), 0);
  const engineMb = Math.max(0, pssMb(gantry.pid) - before);
  await Promise.all(ids.map((id) => api.call('DELETE', `/v1.41/containers/${id}?force=1`)));
  const perContainer = {
    unit,
    ours: (companionsMb + engineMb) / containers,
    other: 1,
    against: 'what is wanted',
  };
  return [
    cost({ name: 'idle gantryd, RSS', unit, ours: idleMb, other: 80, against: 'what is wanted' }, 1),
    cost({
      name: '  the same, right after an image was loaded',
      unit,
      ours: usedMb,
      other: idleMb,
      against: 'idle',
    }),
    cost({ name: `a running container adds (PSS, at ${containers})`, ...perContainer }, 1),
    cost({ ...perContainer, name: '  of it shim and runtime', ours: companionsMb / containers }),
    cost({ ...perContainer, name: '  of it gantryd', ours: engineMb / containers }),
  ];
}

/** Of an engine that has come up and has done nothing yet. */
async function idle(): Promise<number> {
  await using gantry = await startGantry({ withImage: false });
  await sleep(1000);
  return rssMb(gantry.pid);
}

async function startSleeper(api: ApiSocket): Promise<string> {
  const body = { Image: 'mirror/busybox', Cmd: ['sleep', '1000'] };
  const { Id: id } = await api.call<{ Id: string }>('POST', '/v1.41/containers/create', body);
  await api.call('POST', `/v1.41/containers/${id}/start`);
  return id;
}

/** Processes that serve containers of this engine: their arguments name its directories. */
function companions(engine: MeasuredEngine): number[] {
  const root = path.dirname(engine.socketPath);
  return globSync('/proc/[0-9]*/cmdline').flatMap((file) => {
    const pid = Number(file.split('/')[2]);
    try {
      return pid !== engine.pid && pid !== process.pid && readFileSync(file, 'utf8').includes(root)
        ? [pid]
        : [];
    } catch {
      return [];
    }
  });
}

function pssMb(pid: number): number {
  const match = /^Pss:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'));
  return Number(match?.[1] ?? 0) / 1024;
}

function rssMb(pid: number): number {
  const match = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(match?.[1] ?? 0) / 1024;
}
