/**
 * What the kernels of most clouds lack: containers on ipvlan networks of every mode and flag, and volumes of a file server of the network.
 * Run by `npm run test:vm` in a virtual machine; it runs as well, as root, on any machine whose kernel has them and that has Debian's
 * nfs-kernel-server. Throws at the first thing that is not as it should be.
 */
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { EndpointIPAMConfig, HostConfig } from '@gantry/api-types';
import { type Engine, openEngine } from '@gantry/engine';
import { busyboxArchive, busyboxImage } from '../../support/busybox-image.ts';

const never = new AbortController().signal;
const root = process.argv[2] ?? '/run/gantry-wires';
const shared = path.join(root, 'shared');
const open = (): Promise<Engine> =>
  openEngine({ dataRoot: path.join(root, 'data'), execRoot: path.join(root, 'exec'), bridge: 'none' });

makeNeighbour();
serveFiles();
{
  await using engine = await open();
  await engine.images.load(oneChunk(await busyboxArchive()), { onProgress: () => {} });
  await theWireIsShared(engine);
  await routedBehindTheHost(engine);
  await flagsAreAsAsked(engine);
  await filesOfAServerAreAVolume(engine);
}
console.log('wires: all is well');

/** A machine at the other end of `wire0`, which routes 10.7.0.0/16 to the host. */
function makeNeighbour(): void {
  ip('link set lo up');
  ip('netns add neighbour');
  ip('link add wire0 type veth peer name eth0 netns neighbour');
  ip('address add 10.6.0.1/16 dev wire0');
  ip('link set wire0 up');
  ip('-n neighbour address add 10.6.0.2/16 dev eth0');
  ip('-n neighbour address add fd06::2/64 dev eth0');
  ip('-n neighbour link set eth0 up');
  ip('-n neighbour route add 10.7.0.0/16 via 10.6.0.1');
  execFileSync('sysctl', ['-qw', 'net.ipv4.ip_forward=1']);
}

/** One directory, by NFS 4 alone. */
function serveFiles(): void {
  mkdirSync(shared, { recursive: true });
  execFileSync('mount', ['-t', 'tmpfs', 'shared', shared]);
  writeFileSync(path.join(shared, 'from-server'), 'served\n');
  mkdirSync('/var/lib/nfs/v4recovery', { recursive: true });
  for (const file of ['/etc/exports', '/var/lib/nfs/etab', '/var/lib/nfs/rmtab']) writeFileSync(file, '');
  execFileSync('modprobe', ['nfsd']);
  execFileSync('mount', ['-t', 'nfsd', 'nfsd', '/proc/fs/nfsd']);
  const options = 'rw,no_root_squash,insecure,fsid=0,no_subtree_check';
  execFileSync('exportfs', ['-o', options, `*:${shared}`], { stdio: 'inherit' });
  spawn('rpc.mountd', ['--no-nfs-version', '3', '--foreground'], { stdio: 'inherit' }).unref();
  execFileSync('rpc.nfsd', ['--no-nfs-version', '3', '2'], { stdio: 'inherit' });
}

async function theWireIsShared(engine: Engine): Promise<void> {
  await engine.networks.create({
    Name: 'shared-wire',
    Driver: 'ipvlan',
    EnableIPv6: true,
    Options: { parent: 'wire0' },
    IPAM: {
      Config: [
        { Subnet: '10.6.0.0/16', IPRange: '10.6.1.0/24', Gateway: '10.6.0.2' },
        { Subnet: 'fd06::/64', Gateway: 'fd06::2' },
      ],
    },
  });
  const [one, other] = [
    await start(engine, 'shared-wire', 'one'),
    await start(engine, 'shared-wire', 'other'),
  ];
  const [first, second] = [await addressesOf(engine, one), await addressesOf(engine, other)];
  assert.deepEqual([first.mac, second.mac], ['', '']);
  assert.equal(
    await inside(engine, one, 'cat /sys/class/net/eth0/address'),
    readFileSync('/sys/class/net/wire0/address', 'utf8').trim(),
  );
  assert.match(await inside(engine, one, 'ip -4 route'), /^default via 10\.6\.0\.2 dev eth0/m);
  for (const target of [second.ipv4, 'other', '10.6.0.2'])
    await inside(engine, one, `ping -c 1 -W 5 ${target}`);
  for (const target of [second.ipv6, 'fd06::2']) await inside(engine, one, `ping -6 -c 1 -W 5 ${target}`);
  reachedByNeighbour(first.ipv4);
  await engine.networks.disconnect('shared-wire', { Container: one, Force: false });
  await assert.rejects(inside(engine, one, `ping -c 1 -W 1 ${second.ipv4}`));
  await engine.networks.connect('shared-wire', { Container: one });
  await inside(engine, one, `ping -c 1 -W 5 ${second.ipv4}`);
  await removeAll(engine, [one, other], 'shared-wire');
  console.log('ipvlan l2: on the wire');
}

async function routedBehindTheHost(engine: Engine): Promise<void> {
  for (const mode of ['l3', 'l3s']) {
    await engine.networks.create({
      Name: mode,
      Driver: 'ipvlan',
      Options: { parent: 'wire0', ipvlan_mode: mode },
      IPAM: { Config: [{ Subnet: '10.7.1.0/24' }, { Subnet: '10.7.2.0/24' }] },
    });
    const [one, other] = [
      await start(engine, mode, 'one', { address: { IPv4Address: '10.7.1.9' } }),
      await start(engine, mode, 'other', { address: { IPv4Address: '10.7.2.9' } }),
    ];
    assert.match(await inside(engine, one, 'ip -4 route'), /^default dev eth0/m);
    for (const target of ['10.7.2.9', 'other', '10.6.0.2'])
      await inside(engine, one, `ping -c 1 -W 5 ${target}`);
    reachedByNeighbour('10.7.1.9');
    await removeAll(engine, [one, other], mode);
    console.log(`ipvlan ${mode}: routed`);
  }
}

/** `private`: nobody hears his neighbour. Two networks of one parent agree in mode; a VLAN is a wire of its own. */
async function flagsAreAsAsked(engine: Engine): Promise<void> {
  await engine.networks.create({
    Name: 'apart',
    Driver: 'ipvlan',
    Options: { parent: 'wire0.20', ipvlan_flag: 'private' },
    IPAM: { Config: [{ Subnet: '10.8.0.0/24' }] },
  });
  assert.match(ip('-d link show wire0.20'), /vlan protocol 802.1Q id 20/);
  const [one, other] = [await start(engine, 'apart', 'one'), await start(engine, 'apart', 'other')];
  const { ipv4 } = await addressesOf(engine, other);
  await assert.rejects(inside(engine, one, `ping -c 1 -W 1 ${ipv4}`));
  await removeAll(engine, [one, other], 'apart');
  assert.throws(() => ip('link show wire0.20'));
  await assert.rejects(
    engine.networks.create({ Name: 'x', Driver: 'ipvlan', Options: { parent: 'wire0', ipvlan_mode: 'l4' } }),
    { message: "requested ipvlan mode 'l4' is not valid, 'l2' mode is the ipvlan driver default" },
  );
  console.log('ipvlan flags: as asked');
}

/** NFS by the kernel alone: there is no mount.nfs to help. */
async function filesOfAServerAreAVolume(engine: Engine): Promise<void> {
  for (const [type, o, output] of [
    ['nfs', 'addr=localhost,rw,vers=4.2', 'served\nwrote'],
    ['nfs4', 'addr=127.0.0.1,ro', 'served'],
  ] as const) {
    await engine.volumes.create({ name: type, options: { type, o, device: ':/' } });
    const id = await start(engine, 'none', type, { Binds: [`${type}:/data`] });
    const script = 'cat /data/from-server; touch /data/mine 2>/dev/null && echo wrote || true';
    assert.equal(await inside(engine, id, script), output);
    assert.match(await inside(engine, id, 'grep " /data " /proc/mounts'), /^:\/ \/data nfs4 /);
    await engine.containers.remove(id, { force: true, volumes: true });
    assert.doesNotMatch(readFileSync('/proc/mounts', 'utf8'), / nfs4 /, 'mounted for nobody');
    await engine.volumes.remove(type, { force: false });
  }
  assert.equal(readFileSync(path.join(shared, 'mine'), 'utf8'), '', 'the server keeps its files');
  console.log('nfs: a volume');
}

async function start(
  { containers }: Engine,
  network: string,
  name: string,
  { address, ...host }: HostConfig & { address?: EndpointIPAMConfig } = {},
): Promise<string> {
  const { Id: id } = await containers.create(
    {
      Image: busyboxImage,
      Cmd: ['sleep', '100000'],
      HostConfig: { NetworkMode: network, ...host },
      ...(address && { NetworkingConfig: { EndpointsConfig: { [network]: { IPAMConfig: address } } } }),
    },
    { name },
  );
  await containers.start(id);
  return id;
}

/** What a shell in the container prints. Throws when it fails. */
async function inside({ execs }: Engine, id: string, script: string): Promise<string> {
  const exec = await execs.create(id, { Cmd: ['sh', '-c', script], AttachStdout: true, AttachStderr: true });
  const session = await execs.start(exec, { terminal: false, signal: never });
  const parts: Uint8Array[] = [];
  for await (const { data } of session.output) parts.push(data);
  const printed = Buffer.concat(parts).toString().trim();
  const { ExitCode: code } = await execs.inspect(exec);
  if (code !== 0) throw new Error(`${script} ended with ${code}: ${printed}`);
  return printed;
}

async function addressesOf(
  { containers }: Engine,
  id: string,
): Promise<{ ipv4: string; ipv6: string; mac: string }> {
  const { NetworkSettings: settings } = await containers.inspect(id, { size: false });
  const [endpoint] = Object.values(settings?.Networks ?? {});
  return {
    ipv4: endpoint?.IPAddress ?? '',
    ipv6: endpoint?.GlobalIPv6Address ?? '',
    mac: endpoint?.MacAddress ?? '',
  };
}

async function removeAll(engine: Engine, ids: readonly string[], network: string): Promise<void> {
  for (const id of ids) await engine.containers.remove(id, { force: true, volumes: true });
  await engine.networks.remove(network);
}

function reachedByNeighbour(address: string): void {
  execFileSync('ip', ['netns', 'exec', 'neighbour', 'busybox', 'ping', '-c', '1', '-W', '5', address]);
}

function ip(words: string): string {
  return execFileSync('ip', words.split(' ')).toString();
}

async function* oneChunk(chunk: Uint8Array): AsyncGenerator<Uint8Array> {
  yield chunk;
}
