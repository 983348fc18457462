import { ApiSocket } from './support/api.ts';
import { type BenchRow, inTurns, median, speedup } from './support/bench-row.ts';
import { type MeasuredEngine, startDockerd, startGantry } from './support/engines.ts';

const network = 'bench';
const rounds = 20;
const crowd = 100;

/** Milliseconds. */
interface Figures {
  /** A start without a network, and one on a network. */
  alone: number;
  attached: number;
  connect: number;
  disconnect: number;
  made: number;
  removed: number;
}

/** Networks by the API: a container's place on one, joined and left while it runs, and a hundred of them made and removed. */
export async function bench(): Promise<BenchRow[]> {
  await using gantry = await startGantry();
  const ours = await measure(gantry);
  await using dockerd = await startDockerd();
  if (dockerd === undefined) return [];
  const theirs = await measure(dockerd);
  const row = (name: string, key: keyof Figures): BenchRow =>
    speedup({ name, unit: 'ms', ours: ours[key], other: theirs[key], against: dockerd.name });
  return [
    row('container started without a network', 'alone'),
    row('  and attached to one', 'attached'),
    row('network connect of one that runs', 'connect'),
    row('network disconnect', 'disconnect'),
    row(`${crowd} networks created, one after the other`, 'made'),
    row('  and removed', 'removed'),
  ];
}

async function measure(engine: MeasuredEngine): Promise<Figures> {
  using api = new ApiSocket(engine.socketPath);
  await api.call('POST', '/v1.41/networks/create', { Name: network, IPAM: ipam(0) });
  const figures = { ...(await startTimes(api)), ...(await connectTimes(api)), ...(await manyNetworks(api)) };
  await api.call('DELETE', `/v1.41/networks/${network}`);
  return figures;
}

async function startTimes(api: ApiSocket): Promise<Pick<Figures, 'alone' | 'attached'>> {
  const samples: Record<'none' | typeof network, number[]> = { none: [], [network]: [] };
  const started = async (mode: keyof typeof samples): Promise<void> => {
    const id = await create(api, mode);
    const begun = performance.now();
    await api.call('POST', `/v1.41/containers/${id}/start`);
    samples[mode].push(performance.now() - begun);
    await api.call('DELETE', `/v1.41/containers/${id}?force=1`);
  };
  await inTurns(rounds, [() => started('none'), () => started(network)]);
  return { alone: median(samples.none), attached: median(samples[network]) };
}

async function connectTimes(api: ApiSocket): Promise<Pick<Figures, 'connect' | 'disconnect'>> {
  const id = await create(api, 'bridge');
  await api.call('POST', `/v1.41/containers/${id}/start`);
  const ask = (verb: string) => (): Promise<void> =>
    api.call('POST', `/v1.41/networks/${network}/${verb}`, { Container: id });
  const [connect = Number.NaN, disconnect = Number.NaN] = await inTurns(rounds, [
    ask('connect'),
    ask('disconnect'),
  ]);
  await api.call('DELETE', `/v1.41/containers/${id}?force=1`);
  return { connect, disconnect };
}

async function manyNetworks(api: ApiSocket): Promise<Pick<Figures, 'made' | 'removed'>> {
  const begun = performance.now();
  for (let index = 1; index <= crowd; index += 1) {
    await api.call('POST', '/v1.41/networks/create', { Name: `bench${index}`, IPAM: ipam(index) });
  }
  const made = performance.now();
  for (let index = 1; index <= crowd; index += 1) {
    await api.call('DELETE', `/v1.41/networks/bench${index}`);
  }
  return { made: made - begun, removed: performance.now() - made };
}

/** Docker's own pools hold thirty. */
function ipam(index: number): object {
  return { Config: [{ Subnet: `10.231.${index}.0/24` }] };
}

async function create(api: ApiSocket, mode: string): Promise<string> {
  const body = { Image: 'mirror/busybox', Cmd: ['sleep', '1000'], HostConfig: { NetworkMode: mode } };
  const { Id: id } = await api.call<{ Id: string }>('POST', '/v1.41/containers/create', body);
  return id;
}
