import path from 'node:path';
import { temporaryRoot } from '@gantry/testkit';
import { run } from '../support/processes.ts';
import { ApiSocket } from './support/api.ts';
import { type BenchRow, cost, rate } from './support/bench-row.ts';
import type { AskedFigures } from './support/dns-asker.ts';
import { type MeasuredEngine, startDockerd, startGantry } from './support/engines.ts';
import { delayFlags, readDelay } from './support/event-loop-delay.ts';

const wanted = 'what is wanted';
const network = 'bench';

/** The name of a neighbour on a user-defined network, asked of 127.0.0.11 inside a container. */
export async function bench(): Promise<BenchRow[]> {
  await using root = await temporaryRoot('bench');
  const file = path.join(root.path, 'delay.json');
  await using gantry = await startGantry({ nodeFlags: delayFlags(file) });
  const ours = await askIn(gantry, () => readDelay(gantry.pid, file));
  const rows = [
    rate(
      { name: 'questions a second answered', unit: '/s', ours: ours.perSecond, other: 5000, against: wanted },
      1,
    ),
    cost({ name: 'at 5,000 a second: p99', unit: 'ms', ours: ours.steadyP99, other: 20, against: wanted }, 1),
    rate({ name: '  answered', unit: '%', ours: ours.steadyShare * 100, other: 100, against: wanted }, 0.999),
    cost(
      { name: '  event loop delay of all, p99', unit: 'ms', ours: ours.delay, other: 20, against: wanted },
      1,
    ),
  ];
  await using dockerd = await startDockerd();
  if (dockerd === undefined) return rows;
  const theirs = await askIn(dockerd, async () => ({ p99: Number.NaN }));
  const ms = { unit: 'ms', against: dockerd.name };
  return [
    cost({ ...ms, name: 'one question, median', ours: ours.median, other: theirs.median }),
    cost({ ...ms, name: 'one question, p99', ours: ours.p99, other: theirs.p99 }),
    rate({
      name: 'questions a second, 64 clients',
      unit: '/s',
      ours: ours.perSecond,
      other: theirs.perSecond,
      against: dockerd.name,
    }),
    cost({ ...ms, name: 'at 5,000 a second: p99', ours: ours.steadyP99, other: theirs.steadyP99 }),
    ...rows,
  ];
}

async function askIn(
  engine: MeasuredEngine,
  delay: () => Promise<{ p99: number }>,
): Promise<AskedFigures & { delay: number }> {
  using api = new ApiSocket(engine.socketPath);
  await api.call('POST', '/v1.41/networks/create', { Name: network });
  await startOn(api, 'web');
  const asker = await startOn(api, 'asker');
  const { State } = await api.call<{ State: { Pid: number } }>('GET', `/v1.41/containers/${asker}/json`);
  const program = path.join(import.meta.dirname, 'support', 'dns-asker.ts');
  await delay();
  const { stdout, stderr, exitCode } = await run(
    'nsenter',
    [`--net=/proc/${State.Pid}/ns/net`, process.execPath, program, 'web'],
    { timeoutMs: 60_000 },
  );
  if (exitCode !== 0) throw new Error(`${engine.name}: ${stderr}`);
  const { p99 } = await delay();
  return { ...(JSON.parse(stdout) as AskedFigures), delay: p99 };
}

async function startOn(api: ApiSocket, name: string): Promise<string> {
  const body = { Image: 'mirror/busybox', Cmd: ['sleep', '1000'], HostConfig: { NetworkMode: network } };
  const { Id: id } = await api.call<{ Id: string }>('POST', `/v1.41/containers/create?name=${name}`, body);
  await api.call('POST', `/v1.41/containers/${id}/start`);
  return id;
}
