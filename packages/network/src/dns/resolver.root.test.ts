import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import { silentLogger, systemClock } from '@gantry/base';
import { bindSocket, closeDescriptor, releaseNetworkNamespace, withNetworkNamespace } from '@gantry/kernel';
import {
  askDns,
  askDnsRaw,
  DnsDatagramClient,
  DnsStreamClient,
  questionBytes,
} from '../../testing/dns-client.ts';
import {
  addressIn,
  type DnsMessage,
  flags,
  readMessage,
  readName,
  types,
} from '../../testing/dns-message.ts';
import { LoopbackNamespaces } from '../../testing/loopback-namespaces.ts';
import { type NamedEndpoint, NameIndex } from './name-index.ts';
import { openResolverHost, type ResolverHost } from './resolver-host.ts';

test('names, aliases and ids are answered by UDP and TCP, for ten minutes, and addresses are told back', async () => {
  await using scene = await Scene.open();
  for (const transport of ['udp', 'tcp'] as const) {
    for (const name of ['web', 'WeB', 'www', '0123456789ab', 'web.front']) {
      const { answers, questions, ...head } = await scene.ask({ name, transport });
      assert.deepEqual(
        answers.map((record) => [record.name, record.ttl, addressIn(record)]),
        [[name, 600, '10.0.0.2']],
      );
      assert.deepEqual(questions, [{ name, type: types.A, class: 1 }]);
      assert.equal(head.flags, flags.answer | flags.recursionDesired | flags.recursionAvailable);
      assert.equal(head.code, 0);
    }
  }
  const pointers = ['2.0.0.10.in-addr.arpa', `2${'.0'.repeat(29)}.d.f.ip6.arpa`];
  for (const name of pointers) {
    const { answers } = await scene.ask({ name, type: types.PTR });
    assert.deepEqual(
      answers.map(({ type, data }) => [type, readName(data, 0).name]),
      [[types.PTR, 'web.front']],
    );
  }
});

test('a name of ours has its addresses and nothing else: an empty answer, never a missing name', async () => {
  await using scene = await Scene.open();
  const told = async (name: string, type: number): Promise<unknown> => {
    const { code, answers } = await scene.ask({ name, type });
    return [code, answers.map(addressIn)];
  };
  assert.deepEqual(await told('web', types.AAAA), [0, ['fd00:0:0:0:0:0:0:2']]);
  assert.deepEqual(await told('web', types.ANY), [0, ['10.0.0.2', 'fd00:0:0:0:0:0:0:2']]);
  assert.deepEqual(await told('v4', types.AAAA), [0, []]);
  for (const type of [types.MX, types.TXT, types.SRV, types.CNAME, types.PTR, 65]) {
    assert.deepEqual(await told('web', type), [0, []]);
  }
  const serverFailure = 2;
  for (const type of [types.A, types.MX, types.ANY]) {
    assert.deepEqual(await told('nobody', type), [serverFailure, []]);
  }
});

test('what a container exposes is told by SRV, and nothing of it is asked outside', async () => {
  await using scene = await Scene.open();
  const ports = [{ protocol: 'tcp', first: 5432, last: 5433 }] as const;
  scene.names.set('db', [{ ...endpoint(['db', 'store'], { ipv4: '10.0.0.9' }), ports }]);
  const told = async (name: string): Promise<unknown> => {
    const { code, answers } = await scene.ask({ name, type: types.SRV });
    return [code, answers.map(({ type, data }) => [type, data.readUInt16BE(4), data.toString('latin1', 6)])];
  };
  assert.deepEqual(await told('_5432._tcp.store'), [0, [[types.SRV, 5432, '\x02db\0']]]);
  assert.deepEqual(await told('db.front'), [
    0,
    [
      [types.SRV, 5432, '\x02db\0'],
      [types.SRV, 5433, '\x02db\0'],
    ],
  ]);
  assert.deepEqual(await told('_5432._udp.db'), [0, []]);
});

test('the addresses of a name come first in turns, and what does not fit by UDP comes by TCP', async () => {
  await using scene = await Scene.open();
  const many = Array.from({ length: 60 }, (_, index) => `10.0.1.${index}`);
  for (const address of many) scene.names.set(address, [endpoint(['many'], { ipv4: address })]);
  const firsts = new Set<string>();
  for (let asked = 0; firsts.size < many.length; asked += 1) {
    assert.ok(asked < 10_000);
    const { answers } = await scene.ask({ name: 'many', transport: 'tcp' });
    assert.deepEqual(answers.map(addressIn).sort(), many.toSorted());
    firsts.add(addressIn(answers[0]!));
  }
  const cut = await scene.ask({ name: 'many' });
  assert.ok(cut.flags & flags.truncated);
  assert.ok(cut.answers.length > 20 && cut.answers.length < 60);
  const wide = await scene.ask({ name: 'many', udpBytes: 4096 });
  assert.equal(wide.flags & flags.truncated, 0);
  assert.equal(wide.answers.length, 60);
  assert.deepEqual(
    wide.additionals.map(({ type }) => type),
    [types.OPT],
  );
});

test('what is no question is refused or passed over, and the next one is answered', async () => {
  await using scene = await Scene.open();
  const { path: from } = scene;
  const question = questionBytes({ name: 'web' });
  const changed = (at: number, value: number): Buffer => {
    const bytes = Buffer.from(question);
    bytes[at] = value;
    return bytes;
  };
  const formatError = 1;
  const notImplemented = 4;
  for (const [message, code] of [
    [question.subarray(0, 12), formatError],
    [question.subarray(0, 20), formatError],
    [changed(5, 2), formatError],
    [changed(12, 0xc0), formatError],
    [Buffer.concat([question, Buffer.from([0])]), formatError],
    [changed(2, 0x28), notImplemented],
  ] as const) {
    const { id, ...answer } = readMessage(await askDnsRaw({ from }, message));
    assert.deepEqual([id, answer.code, answer.questions], [question.readUInt16BE(0), code, []]);
  }
  using client = new DnsDatagramClient(from);
  for (const silent of [Buffer.alloc(0), question.subarray(0, 11), changed(2, 0x80)]) client.send(silent);
  client.send(question);
  assert.equal(readMessage(await client.next()).answers.length, 1);
});

test('a connection carries questions in pieces and together, and ends when its client has ended', async () => {
  await using scene = await Scene.open();
  using client = new DnsStreamClient(scene.path);
  const [first, second] = [questionBytes({ name: 'web' }), questionBytes({ name: 'v4' })];
  const framed = Buffer.concat(
    [first, second].flatMap((message) => [Buffer.from([0, message.length]), message]),
  );
  client.sendBytes(framed.subarray(0, 1));
  client.sendBytes(framed.subarray(1, 30));
  client.sendBytes(framed.subarray(30));
  client.end();
  const answers = [readMessage(await client.next()), readMessage(await client.next())];
  assert.deepEqual(
    answers.map(({ id }) => id),
    [first, second].map((message) => message.readUInt16BE(0)),
  );
  await client.closed;
  using nonsense = new DnsStreamClient(scene.path);
  nonsense.send(Buffer.alloc(5));
  await nonsense.closed;
});

test("port 53 stays the container's own, on all addresses and on loopback", async () => {
  await using scene = await Scene.open();
  for (const address of ['0.0.0.0', '127.0.0.1', '127.0.0.11']) {
    for (const protocol of ['udp', 'tcp'] as const) {
      const { fd } = withNetworkNamespace(scene.path, () => bindSocket(protocol, address, 53));
      assert.equal((await scene.ask({ name: 'web', transport: protocol })).answers.length, 1);
      closeDescriptor(fd);
    }
  }
});

test('a container is answered by its own names, and opening again changes by what', async () => {
  await using scene = await Scene.open();
  const other = scene.namespaces.make();
  const sandbox = { upstream: [], forwards: true, keepsSingleLabels: false };
  scene.names.set('other', [
    { ...endpoint(['other'], { ipv4: '10.1.0.2' }), networkId: 'back', networkName: 'back' },
  ]);
  await scene.host.open({
    ...sandbox,
    containerId: 'other',
    namespacePath: other,
    names: scene.names.source('other'),
  });
  const found = async (from: string, name: string): Promise<number> =>
    (await askDns({ from, name })).answers.length;
  assert.deepEqual([await found(scene.path, 'other'), await found(other, 'other')], [0, 1]);
  assert.deepEqual([await found(scene.path, 'web'), await found(other, 'web')], [1, 0]);
  const rules = (): string =>
    execFileSync('nsenter', [`--net=${other}`, 'nft', 'list', 'ruleset']).toString();
  const before = rules();
  await scene.host.open({
    ...sandbox,
    containerId: 'other',
    namespacePath: other,
    names: scene.names.source('asker'),
  });
  assert.deepEqual([await found(other, 'other'), await found(other, 'web')], [0, 1]);
  assert.equal(rules(), before);
});

test('a namespace goes when its resolver is closed, with its connections; opening in none is an error', async () => {
  await using scene = await Scene.open();
  using client = new DnsStreamClient(scene.path);
  client.send(questionBytes({ name: 'web' }));
  await client.next();
  using datagrams = new DnsDatagramClient(scene.path);
  scene.host.close('asker');
  scene.host.close('asker');
  await client.closed;
  datagrams.send(questionBytes({ name: 'web' }));
  await releaseNetworkNamespace(scene.path);
  assert.ok(!existsSync(scene.path));
  await assert.rejects(scene.open(), { code: 'resolver-not-opened' });
});

test('a flood of ten thousand questions is answered, and the event loop goes on meanwhile', async () => {
  await using scene = await Scene.open();
  const clients = Array.from({ length: 20 }, () => new DnsDatagramClient(scene.path));
  let turns = 0;
  const turning = setInterval(() => (turns += 1), 1);
  await Promise.all(
    clients.map(async (client) => {
      // Twenty at a time: the kernel drops what a client does not read.
      for (let round = 0; round < 25; round += 1) {
        const questions = Array.from({ length: 20 }, () => questionBytes({ name: 'web' }));
        for (const question of questions) client.send(question);
        const ids = new Set<number>();
        for (const _ of questions) ids.add(readMessage(await client.next()).id);
        assert.equal(ids.size, questions.length);
      }
    }),
  );
  clearInterval(turning);
  for (const client of clients) client[Symbol.dispose]();
  assert.ok(turns > 3, `${turns} turns`);
});

/** A container that asks, and `web` and `v4` on its network. */
class Scene implements AsyncDisposable {
  readonly namespaces = new LoopbackNamespaces();
  readonly host: ResolverHost & Disposable = openResolverHost({ clock: systemClock, logger: silentLogger });
  readonly names = new NameIndex();
  readonly path: string = this.namespaces.make();

  static async open(): Promise<Scene> {
    const scene = new Scene();
    scene.names.set('asker', [endpoint(['asker'])]);
    scene.names.set('web', [endpoint(['web', 'www', '0123456789ab'], { ipv4: '10.0.0.2', ipv6: 'fd00::2' })]);
    scene.names.set('v4', [endpoint(['v4'], { ipv4: '10.0.0.3' })]);
    await scene.open();
    return scene;
  }

  async open(): Promise<void> {
    await this.host.open({
      containerId: 'asker',
      namespacePath: this.path,
      upstream: [],
      forwards: true,
      keepsSingleLabels: false,
      names: this.names.source('asker'),
    });
  }

  ask(question: {
    name: string;
    type?: number;
    transport?: 'udp' | 'tcp';
    udpBytes?: number;
  }): Promise<DnsMessage> {
    return askDns({ from: this.path, ...question });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.host[Symbol.dispose]();
    await this.namespaces[Symbol.asyncDispose]();
  }
}

function endpoint(names: readonly string[], addresses: { ipv4?: string; ipv6?: string } = {}): NamedEndpoint {
  return { networkId: 'front', networkName: 'front', names, links: new Map(), ...addresses };
}
