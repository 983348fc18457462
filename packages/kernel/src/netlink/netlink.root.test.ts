import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { closeSync, existsSync, mkdtempSync, openSync, readlinkSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, test } from 'node:test';
import { KernelError } from '../ffi/errno.ts';
import {
  createNetworkNamespace,
  isNamespacePinned,
  releaseNetworkNamespace,
  withNetworkNamespace,
} from '../namespaces/network-namespace.ts';
import { readSysctl, writeSysctl } from '../namespaces/sysctl.ts';
import { addAddress, listAddresses, removeAddress } from './addresses.ts';
import { changeLink, createBridge, createVethPair, deleteLink, findLink, removeLink } from './links.ts';
import { moveLink } from './move-link.ts';
import { NetlinkSocket } from './netlink-socket.ts';
import { changeElements, concatenation, maxElementChanges, type TableElement } from './nft-elements.ts';
import { addRoute, listRoutes, removeRoute } from './routes.ts';

const folder = mkdtempSync('/tmp/gantry-netlink-');
const pin = path.join(folder, 'far');

afterEach(async () => {
  await releaseNetworkNamespace(pin);
  using socket = NetlinkSocket.open();
  removeLink(socket, 'test0');
});
process.on('exit', () => rmSync(folder, { recursive: true }));

test('a bridge is made, set up, given an address and deleted', () => {
  using socket = NetlinkSocket.open();
  socket.request(
    createBridge({ name: 'test0', macAddress: '02:42:00:00:00:01', mtu: 1400 }),
    changeLink('test0', { up: true, alias: 'a test' }),
  );
  const bridge = findLink(socket, 'test0');
  assert.ok(bridge);
  assert.deepEqual(
    { ...bridge, index: 0 },
    {
      index: 0,
      name: 'test0',
      kind: 'bridge',
      up: true,
      macAddress: '02:42:00:00:00:01',
      mtu: 1400,
      masterIndex: 0,
      group: 0,
      alias: 'a test',
    },
  );
  const address = { linkIndex: bridge.index, address: '10.99.0.1', prefixLength: 16 };
  socket.request(addAddress(address), addAddress(address));
  assert.deepEqual(
    listAddresses(socket).filter((entry) => entry.address === '10.99.0.1'),
    [address],
  );
  assert.ok(
    listRoutes(socket).some((route) => route.destination?.address === '10.99.0.0' && route.table === 254),
  );
  socket.request(removeAddress(address), deleteLink('test0'));
  assert.equal(findLink(socket, 'test0'), undefined);
});

test('an interface moves with its addresses, and again when it came back with the name it had there', async () => {
  using socket = NetlinkSocket.open();
  execFileSync('ip', ['link', 'add', 'test0', 'type', 'veth', 'peer', 'name', 'test1']);
  execFileSync('ip', ['addr', 'add', '10.99.0.1/24', 'dev', 'test0']);
  createNetworkNamespace(pin, () => undefined);
  const move = { name: 'test0', newName: 'moved0', namespacePath: pin };
  assert.equal(moveLink(move), true);
  assert.equal(findLink(socket, 'test0'), undefined);
  {
    using far = withNetworkNamespace(pin, () => NetlinkSocket.open());
    assert.equal(findLink(far, 'moved0')?.up, true);
    assert.ok(listAddresses(far).some(({ address }) => address === '10.99.0.1'));
    const home = openSync('/proc/self/ns/net', 'r');
    far.request(changeLink('moved0', { namespaceFd: home }));
    closeSync(home);
  }
  assert.ok(findLink(socket, 'moved0'));
  assert.equal(moveLink(move), true);
  assert.equal(findLink(socket, 'moved0'), undefined);
  assert.equal(moveLink({ ...move, name: 'none0' }), false);
});

test('a veth pair is made with its far end in another namespace, and packets pass', async () => {
  using socket = NetlinkSocket.open();
  socket.request(
    createBridge({ name: 'test0' }),
    changeLink('test0', { linkLocal: false }),
    changeLink('test0', { up: true }),
  );
  const bridge = findLink(socket, 'test0');
  assert.ok(bridge);
  socket.request(addAddress({ linkIndex: bridge.index, address: '10.99.0.1', prefixLength: 16 }));
  using far = createNetworkNamespace(pin, () => NetlinkSocket.open());
  const namespaceFd = openSync(pin, 'r');
  socket.request(
    createVethPair(
      { name: 'vethtest', masterIndex: bridge.index },
      { name: 'eth0', macAddress: '02:42:0a:63:00:02', namespaceFd },
    ),
    changeLink('vethtest', { linkLocal: false, hairpin: true }),
    changeLink('vethtest', { up: true }),
  );
  closeSync(namespaceFd);
  const eth0 = findLink(far, 'eth0');
  assert.equal(eth0?.macAddress, '02:42:0a:63:00:02');
  far.request(
    changeLink('lo', { up: true }),
    changeLink('eth0', { up: true }),
    addAddress({ linkIndex: eth0.index, address: '10.99.0.2', prefixLength: 16 }),
    addRoute({ gateway: '10.99.0.1' }),
  );
  assert.deepEqual(
    listRoutes(far).filter((route) => !route.destination),
    [{ table: 254, gateway: '10.99.0.1', linkIndex: eth0.index }],
  );
  assert.equal(findLink(socket, 'vethtest')?.masterIndex, bridge.index);
  assert.match(execFileSync('ip', ['-d', 'link', 'show', 'vethtest']).toString(), /hairpin on/);
  const server = withNetworkNamespace(pin, () => createServer((client) => client.end('hello')).listen(80));
  const client = connect(80, '10.99.0.2');
  assert.equal(await text(client), 'hello');
  server.close();
  far.request(removeRoute({ gateway: '10.99.0.1' }));
  assert.ok(!listRoutes(far).some((route) => !route.destination));
});

test('a namespace is pinned once, entered and left again, also when the work throws', async () => {
  const home = readlinkSync('/proc/thread-self/ns/net');
  createNetworkNamespace(pin, () => undefined);
  assert.ok(isNamespacePinned(pin));
  assert.throws(() => createNetworkNamespace(pin, () => undefined), { code: 'EEXIST' });
  assert.notEqual(
    withNetworkNamespace(pin, () => readlinkSync('/proc/thread-self/ns/net')),
    home,
  );
  assert.throws(() =>
    withNetworkNamespace(pin, () => {
      throw new Error('inside');
    }),
  );
  assert.equal(readlinkSync('/proc/thread-self/ns/net'), home);
  await releaseNetworkNamespace(pin);
  await releaseNetworkNamespace(pin);
  assert.ok(!isNamespacePinned(pin));
  assert.throws(() =>
    createNetworkNamespace(pin, () => {
      throw new Error('inside');
    }),
  );
  assert.ok(!existsSync(pin));
  assert.equal(readlinkSync('/proc/thread-self/ns/net'), home);
});

test('a setting is written in the namespace that the thread is in', () => {
  const name = ['net', 'ipv4', 'ip_forward'];
  const before = readSysctl(name);
  const inside = createNetworkNamespace(pin, () => {
    writeSysctl(name, '1');
    return readSysctl(name);
  });
  assert.equal(inside, '1');
  assert.equal(readSysctl(name), before);
});

test('a batch of hundreds of requests is acknowledged whole, and a list of hundreds is read whole', () => {
  using socket = NetlinkSocket.open();
  socket.request(createBridge({ name: 'test0' }));
  const linkIndex = findLink(socket, 'test0')?.index ?? 0;
  const addresses = Array.from({ length: 600 }, (_, n) => ({
    linkIndex,
    address: `10.98.${n >> 8}.${n & 255}`,
    prefixLength: 32,
  }));
  socket.request(...addresses.map(addAddress));
  assert.equal(listAddresses(socket).filter((entry) => entry.linkIndex === linkIndex).length, 600);
});

test('elements come into and out of nftables maps in one transaction, all or none', () => {
  using socket = NetlinkSocket.open('netfilter');
  const list = (): string => execFileSync('nft', ['list', 'map', 'inet', 'test', 'ports']).toString();
  const element = (port: number, address: number): TableElement => ({
    set: 'ports',
    key: concatenation(Buffer.from([6]), Buffer.from([port >> 8, port & 255])),
    value: concatenation(Buffer.from([10, 0, 0, address]), Buffer.from([0, 80])),
  });
  const input =
    'table inet test { map ports { type inet_proto . inet_service : ipv4_addr . inet_service; }; }';
  execFileSync('nft', ['--file', '-'], { input });
  const many = Array.from({ length: maxElementChanges }, (_, index) => element(8000 + index, 1));
  changeElements(socket, 'test', { added: many, removed: [] });
  changeElements(socket, 'test', { added: [], removed: many.slice(1) });
  changeElements(socket, 'test', { added: [element(9000, 2)], removed: [element(8000, 1)] });
  assert.match(list(), /elements = \{ tcp \. 9000 : 10\.0\.0\.2 \. 80 \}/);
  const before = list();
  for (const [change, errnoName] of [
    [{ added: [element(1, 1)], removed: [element(2, 1)] }, 'ENOENT'],
    [{ added: [element(1, 1), element(9000, 3)], removed: [] }, 'EEXIST'],
    [{ added: [{ ...element(1, 1), set: 'nothing' }], removed: [] }, 'ENOENT'],
  ] as const) {
    assert.throws(() => changeElements(socket, 'test', change), { errnoName });
    assert.equal(list(), before);
  }
  assert.throws(() => changeElements(socket, 'nothing', { added: [element(1, 1)], removed: [] }), {
    errnoName: 'ENOENT',
  });
});

test('errors name the call, the object and the reason of the kernel', () => {
  using socket = NetlinkSocket.open();
  assert.throws(
    () => socket.request(deleteLink('nothing0')),
    (error) =>
      error instanceof KernelError &&
      error.errnoName === 'ENODEV' &&
      error.message === 'delete link nothing0: ENODEV',
  );
  assert.throws(
    () => socket.request(addRoute({ gateway: '10.1.2.3' })),
    /add route default via 10\.1\.2\.3 \(Nexthop has invalid gateway\): ENETUNREACH/,
  );
});
