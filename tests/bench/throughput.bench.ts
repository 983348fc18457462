/** TCP between two containers and through a published port, against a bare veth pair; and three thousand ports. */
import { execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { silentLogger, systemClock } from '@gantry/base';
import { type NetworkController, openNetworkController, type PortRequest } from '@gantry/network';
import { attachToBridge } from '@gantry/network/testing';
import { openMetadataStore } from '@gantry/state';
import { type BenchRow, cost, median, rate } from './support/bench-row.ts';

const program = path.join(import.meta.dirname, 'stream.ts');
/** No other program takes the processors from who sends and who takes. */
const alone = ['chrt', '--fifo', '1', process.execPath, program] as const;
const rounds = 21;
const roundMs = 300;
const [far, near] = ['192.0.2.2', '192.0.2.1'];

export async function bench(): Promise<BenchRow[]> {
  const folder = mkdtempSync('/tmp/gantry-bench-throughput-');
  const store = openMetadataStore({ path: path.join(folder, 'state.db'), logger: silentLogger });
  const options = { store, execRoot: folder, bridge: 'bench0', logger: silentLogger, clock: systemClock };
  await using stack = new AsyncDisposableStack();
  stack.defer(() => rmSync(folder, { recursive: true }));
  stack.defer(() => store[Symbol.dispose]());
  const controller = stack.use(await openNetworkController(options));
  const neighbour = makeNeighbour();
  const server = await attachToBridge(controller, 'server', [port(8080, 80)]);
  const client = await attachToBridge(controller, 'client');
  stack.use(await serve(server.namespacePath, 80));
  stack.use(await serve(neighbour, 80));
  const ways = {
    bare: { args: [far, '80'] },
    containers: { from: client.namespacePath, args: [server.ipAddress, '80'] },
    published: { from: neighbour, args: [near, '8080'] },
  };
  const samples: Record<keyof typeof ways, number[]> = { bare: [], containers: [], published: [] };
  // In turns, so that a noisy neighbour hits all alike.
  for (let round = 0; round < rounds; round++) {
    for (const way of ['bare', 'containers', 'published'] as const) samples[way].push(await send(ways[way]));
  }
  const against = { unit: 'MB/s', other: median(samples.bare), against: 'a bare veth pair' };
  const ports = await threeThousandPorts(controller);
  for (const containerId of ['server', 'client']) await controller.detach(containerId);
  return [
    rate({ name: 'TCP between two containers', ours: median(samples.containers), ...against }, 0.95),
    rate({ name: 'TCP through a published port', ours: median(samples.published), ...against }, 0.95),
    cost(
      {
        name: '3,000 ports published',
        unit: 'ms',
        ours: ports.milliseconds,
        other: 1000,
        against: 'a second',
      },
      1,
    ),
    cost(
      {
        name: 'memory of 3,000 published ports',
        unit: 'MB',
        ours: ports.megabytes,
        other: 5,
        against: '5 MB',
      },
      1,
    ),
  ];
}

async function threeThousandPorts(
  controller: NetworkController,
): Promise<{ milliseconds: number; megabytes: number }> {
  const requests = Array.from({ length: 3000 }, (_, index) => port(10_000 + index, 10_000 + index));
  const attach = (): Promise<unknown> => attachToBridge(controller, 'many', requests);
  // Once before, so that what the first time costs is not taken for the ports.
  await attach();
  await controller.detach('many');
  collectGarbage();
  const before = process.memoryUsage().rss;
  const started = performance.now();
  await attach();
  const milliseconds = performance.now() - started;
  collectGarbage();
  const megabytes = Math.max(0, process.memoryUsage().rss - before) / 1e6;
  await controller.detach('many');
  return { milliseconds, megabytes };
}

/** What the engine holds is meant, not what it has thrown away. */
function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
}

/** Another machine at the other end of a wire; the path of its namespace. */
function makeNeighbour(): string {
  execFileSync('ip', ['netns', 'add', 'bench']);
  const ip = (...args: string[]): unknown => execFileSync('ip', args);
  ip('link', 'add', 'wire0', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', 'bench');
  ip('address', 'add', `${near}/24`, 'dev', 'wire0');
  ip('link', 'set', 'wire0', 'up');
  ip('-netns', 'bench', 'address', 'add', `${far}/24`, 'dev', 'eth0');
  ip('-netns', 'bench', 'link', 'set', 'eth0', 'up');
  return '/run/netns/bench';
}

async function serve(namespacePath: string, portNumber: number): Promise<Disposable> {
  const child = spawn('nsenter', [`--net=${namespacePath}`, ...alone, 'serve', String(portNumber)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  return { [Symbol.dispose]: () => void child.kill('SIGKILL') };
}

async function send({ from, args }: { from?: string; args: readonly string[] }): Promise<number> {
  const words = [...alone, 'send', ...args, String(roundMs)];
  const [command = '', ...rest] = from === undefined ? words : ['nsenter', `--net=${from}`, ...words];
  const { stdout } = await promisify(execFile)(command, rest);
  return Number(stdout);
}

function port(hostPort: number, containerPort: number): PortRequest {
  return { protocol: 'tcp', containerPort, hostAddress: '', hostPortFirst: hostPort, hostPortLast: hostPort };
}
