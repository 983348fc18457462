/**
 * A container's network, made and dropped, against the same by iproute2's batches. Run as a program (in network and mount
 * namespaces of its own) it prints the medians; `bench` starts it so.
 */
import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { silentLogger, systemClock } from '@gantry/base';
import { openNetworkController, type PortRequest } from '@gantry/network';
import { attachToBridge } from '@gantry/network/testing';
import { openMetadataStore } from '@gantry/state';
import { type BenchRow, cost, median } from './support/bench-row.ts';

/** Median milliseconds to attach and detach one container. */
interface Medians {
  plain: number;
  published: number;
  batch: number;
}

const rounds = 60;
const port: PortRequest = {
  protocol: 'tcp',
  containerPort: 80,
  hostAddress: '',
  hostPortFirst: 8080,
  hostPortLast: 8080,
};

if (process.argv[1] === import.meta.filename) console.log(JSON.stringify(await measure()));

export async function bench(): Promise<BenchRow[]> {
  const own = ['--mount', '--net', '--propagation', 'private', '--', process.execPath, import.meta.filename];
  const { stdout } = await promisify(execFile)('unshare', own);
  const { plain, published, batch } = JSON.parse(stdout) as Medians;
  const against = { unit: 'ms', other: batch, against: 'ip -batch, without a published port' };
  return [
    cost({ name: 'network attached and detached', ours: plain, ...against }, 0.5),
    cost({ name: 'the same with a published port', ours: published, ...against }, 0.5),
  ];
}

async function measure(): Promise<Medians> {
  const folder = mkdtempSync('/tmp/gantry-bench-network-');
  execFileSync('ip', ['link', 'set', 'lo', 'up']);
  // Where `ip netns` keeps its names: a place of our own.
  execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', '/run']);
  const store = openMetadataStore({ path: path.join(folder, 'state.db'), logger: silentLogger });
  const options = { store, execRoot: folder, bridge: 'bench0', logger: silentLogger, clock: systemClock };
  const controller = await openNetworkController(options);
  const attach = async (ports: readonly PortRequest[]): Promise<void> => {
    await attachToBridge(controller, 'bench', ports);
    await controller.detach('bench');
  };
  const ways = { plain: () => attach([]), published: () => attach([port]), batch: attachByBatch };
  const samples = { plain: [] as number[], published: [] as number[], batch: [] as number[] };
  // In turns, so that a noisy neighbour hits all alike; the first round is not counted.
  for (let round = 0; round <= rounds; round++) {
    for (const way of ['plain', 'published', 'batch'] as const) {
      const started = performance.now();
      await ways[way](round);
      if (round > 0) samples[way].push(performance.now() - started);
    }
  }
  await controller[Symbol.asyncDispose]();
  store[Symbol.dispose]();
  rmSync(folder, { recursive: true });
  return { plain: median(samples.plain), published: median(samples.published), batch: median(samples.batch) };
}

/** What a careful shell script would do: one program for the namespace, one for each side, one to drop it all. */
async function attachByBatch(round: number): Promise<void> {
  await ip(['netns', 'add', `bench${round}`]);
  await ip(
    ['-batch', '-'],
    `link add vethbench${round} type veth peer name eth0 netns bench${round}
     link set vethbench${round} master bench0
     link set vethbench${round} up`,
  );
  await ip(
    ['-netns', `bench${round}`, '-batch', '-'],
    `link set lo up
     link set eth0 up
     address add 172.17.200.2/16 dev eth0
     route add default via 172.17.0.1`,
  );
  await ip(['netns', 'delete', `bench${round}`]);
}

async function ip(args: readonly string[], input = ''): Promise<void> {
  const running = promisify(execFile)('ip', args);
  if (input !== '') running.child.stdin?.end(input);
  await running;
}
