import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Clock, silentLogger, systemClock } from '@gantry/base';
import { ManualClock } from '@gantry/base/testing';
import {
  askDns,
  askDnsRaw,
  DnsDatagramClient,
  type DnsQuestion,
  DnsStreamClient,
  questionBytes,
} from '../../testing/dns-client.ts';
import {
  addressIn,
  type DnsMessage,
  flags,
  readMessage,
  types,
  writeMessage,
} from '../../testing/dns-message.ts';
import { type AskedQuestion, addressRecord, answerTo, DnsServer } from '../../testing/dns-server.ts';
import { LoopbackNamespaces } from '../../testing/loopback-namespaces.ts';
import { NameIndex } from './name-index.ts';
import { openResolverHost, type ResolverHost, type ResolverSandbox } from './resolver-host.ts';
import type { UpstreamServer } from './upstream/upstream-server.ts';

const onHost: UpstreamServer = { address: '127.0.0.53', from: 'host' };
const alsoOnHost: UpstreamServer = { address: '127.0.0.54', from: 'host' };
const inContainer: UpstreamServer = { address: '127.0.0.1', from: 'container' };
const [serverFailure, nameError, refused] = [2, 3, 5];

test("a server of the host is asked from the host, one of the container's from inside it, by both families and both transports", async () => {
  await using scene = new Scene();
  const { path: namespacePath } = scene;
  const cases: [UpstreamServer, string | undefined][] = [
    [onHost, undefined],
    [{ address: '::1', from: 'host' }, undefined],
    [inContainer, namespacePath],
    [{ address: '::1', from: 'container' }, namespacePath],
  ];
  for (const [server, place] of cases) {
    await scene.open({ upstream: [server] });
    using upstream = new DnsServer(
      { address: server.address, ...(place === undefined ? {} : { namespacePath: place }) },
      answerWith('192.0.2.1'),
    );
    for (const transport of ['udp', 'tcp'] as const) {
      const { questions, answers } = await scene.ask({ name: 'Example.COM', transport });
      assert.deepEqual(answers.map(addressIn), ['192.0.2.1']);
      assert.equal(questions[0]?.name, 'Example.COM');
    }
    assert.deepEqual(upstream.asked, ['Example.COM', 'Example.COM']);
  }
});

test('an answer goes back as it came: a missing name, no data, a truncated one, another class, options of EDNS', async () => {
  await using scene = new Scene();
  await scene.open({ upstream: [onHost, alsoOnHost] });
  const opts: DnsMessage['additionals'][] = [];
  using _upstream = new DnsServer(onHost, ({ query, name, transport, reply }) => {
    opts.push(query.additionals);
    if (name === 'missing.test') reply(answerTo(query, { code: nameError }));
    else if (name === 'empty.test') reply(answerTo(query));
    else if (transport === 'udp') reply(answerTo(query, { moreFlags: flags.truncated }));
    else reply(answerTo(query, { answers: [addressRecord(name, '192.0.2.7')] }));
  });
  using other = new DnsServer(alsoOnHost, answerWith('192.0.2.9'));
  assert.equal((await scene.ask({ name: 'missing.test' })).code, nameError);
  const { code, answers } = await scene.ask({ name: 'empty.test' });
  assert.deepEqual([code, answers], [0, []]);
  assert.ok((await scene.ask({ name: 'long.test' })).flags & flags.truncated);
  assert.deepEqual((await scene.ask({ name: 'long.test', transport: 'tcp' })).answers.map(addressIn), [
    '192.0.2.7',
  ]);
  opts.length = 0;
  await scene.ask({ name: 'empty.test', udpBytes: 1232 });
  assert.deepEqual(
    opts[0]?.map((opt) => [opt.type, opt.class]),
    [[types.OPT, 1232]],
  );
  const chaos = writeMessage({ id: 7, questions: [{ name: 'version.bind', type: types.TXT, class: 3 }] });
  assert.equal(readMessage(await askDnsRaw({ from: scene.path }, chaos)).id, 7);
  assert.deepEqual(other.asked, []);
});

test('names of ours are never asked outside, and with a dots threshold of its own neither are single labels', async () => {
  await using scene = new Scene();
  scene.names.set('web', [endpoint('web')]);
  using upstream = new DnsServer(onHost, answerWith('192.0.2.1'));
  await scene.open({ upstream: [onHost] });
  for (const type of [types.A, types.AAAA, types.MX, types.SRV]) await scene.ask({ name: 'web', type });
  assert.deepEqual(upstream.asked, []);
  assert.equal((await scene.ask({ name: 'gitlab' })).answers.length, 1);
  await scene.open({ upstream: [onHost], keepsSingleLabels: true });
  const { code, answers } = await scene.ask({ name: 'gitlab' });
  assert.deepEqual([code, answers], [0, []]);
  await scene.ask({ name: 'gitlab', type: types.MX });
  await scene.ask({ name: 'gitlab.test' });
  assert.deepEqual(upstream.asked, ['gitlab', 'gitlab', 'gitlab.test']);
});

test('a container with internal networks alone asks nobody outside, though its host could', async () => {
  await using scene = new Scene();
  using upstream = new DnsServer(onHost, answerWith('192.0.2.1'));
  const everybody: UpstreamServer[] = [onHost, { address: '198.51.100.1', from: 'container' }];
  await scene.open({ upstream: everybody, forwards: false });
  for (const transport of ['udp', 'tcp'] as const) {
    const { code, answers } = await scene.ask({ name: 'secret.attacker.test', transport });
    assert.deepEqual([code, answers], [serverFailure, []]);
  }
  assert.deepEqual(upstream.asked, []);
  // A server beside it on the network is no way out.
  using beside = new DnsServer({ ...inContainer, namespacePath: scene.path }, answerWith('10.0.0.9'));
  await scene.open({ upstream: [onHost, inContainer], forwards: false });
  assert.equal((await scene.ask({ name: 'inside.test' })).answers.length, 1);
  assert.deepEqual([upstream.asked, beside.asked], [[], ['inside.test']]);
});

test('the next server is asked when one fails, refuses, has no route or nobody listening', async () => {
  await using scene = new Scene();
  let code = serverFailure;
  using first = new DnsServer(onHost, ({ query, reply }) => reply(answerTo(query, { code })));
  using second = new DnsServer(alsoOnHost, answerWith('192.0.2.2'));
  const nobody: UpstreamServer = { address: '127.0.0.55', from: 'host' };
  const noRoute: UpstreamServer = { address: '198.51.100.1', from: 'container' };
  const noInterface: UpstreamServer = { address: 'fe80::1%nothing0', from: 'host' };
  for (const transport of ['udp', 'tcp'] as const) {
    for (const failing of [onHost, nobody, noRoute, noInterface]) {
      for (code of [serverFailure, refused]) {
        await scene.open({ upstream: [failing, alsoOnHost] });
        assert.deepEqual((await scene.ask({ name: 'a.test', transport })).answers.map(addressIn), [
          '192.0.2.2',
        ]);
      }
    }
    await scene.open({ upstream: [onHost, nobody] });
    assert.equal((await scene.ask({ name: 'b.test', transport })).code, serverFailure);
  }
  assert.ok(first.asked.includes('b.test') && !second.asked.includes('b.test'));
  await scene.open({ upstream: [nobody, nobody, nobody, alsoOnHost] });
  assert.equal((await scene.ask({ name: 'fourth.test' })).code, serverFailure);
  await scene.open({ upstream: [{ address: '127.0.0.11', from: 'container' }] });
  assert.equal((await scene.ask({ name: 'itself.test' })).code, serverFailure);
});

test('a server that keeps silent for four seconds is given up, and holds nobody else up meanwhile', async () => {
  const clock = new ManualClock();
  await using scene = new Scene(clock);
  const reached = Promise.withResolvers<void>();
  using _silent = new DnsServer(onHost, ({ name, query, reply }) => {
    if (name === 'slow.test') reached.resolve();
    else reply(answerTo(query, { answers: [addressRecord(name, '192.0.2.1')] }));
  });
  using second = new DnsServer(alsoOnHost, answerWith('192.0.2.2'));
  await scene.open({ upstream: [onHost, alsoOnHost] });
  const slow = scene.ask({ name: 'slow.test' });
  await reached.promise;
  assert.deepEqual((await scene.ask({ name: 'quick.test' })).answers.map(addressIn), ['192.0.2.1']);
  await clock.advance(3999);
  assert.deepEqual(second.asked, []);
  await clock.advance(1);
  assert.deepEqual((await slow).answers.map(addressIn), ['192.0.2.2']);
});

test('lies are passed over: of another id, another question, malformed, no answer at all, by another server', async () => {
  await using scene = new Scene();
  await scene.open({ upstream: [onHost] });
  const lie = [addressRecord('a.test', '203.0.113.66')];
  let asked: AskedQuestion | undefined;
  using _upstream = new DnsServer(onHost, (question) => {
    asked = question;
    const { query, reply } = question;
    const truth = answerTo(query, { answers: [addressRecord('a.test', '192.0.2.1')] });
    const loop = Buffer.concat([truth.subarray(0, 24), Buffer.from([0xc0, 24]), Buffer.alloc(14)]);
    reply(answerTo({ ...query, id: query.id ^ 1 }, { answers: lie }));
    reply(answerTo({ ...query, questions: [{ name: 'b.test', type: types.A, class: 1 }] }, { answers: lie }));
    reply(
      answerTo({ ...query, questions: [{ name: 'a.test', type: types.TXT, class: 1 }] }, { answers: lie }),
    );
    reply(answerTo({ ...query, questions: [] }, { answers: lie }));
    reply(writeMessage({ ...query, answers: lie }));
    for (const bytes of [Buffer.alloc(0), truth.subarray(0, 11), truth.subarray(0, -1), loop]) reply(bytes);
    // The same port of another address: the socket takes nothing from there.
    impostor.send(question.port, answerTo(query, { answers: lie }));
    reply(Buffer.concat([truth, Buffer.from('garbage')]));
  });
  using impostor = new DnsServer({ address: '127.0.0.66' }, () => {});
  assert.deepEqual((await scene.ask({ name: 'a.test' })).answers.map(addressIn), ['192.0.2.1']);
  assert.ok(asked);
});

test('questions go out with ids and ports that nobody can guess', async () => {
  await using scene = new Scene();
  await scene.open({ upstream: [onHost] });
  const [ids, ports] = [new Set<number>(), new Set<number>()];
  using _upstream = new DnsServer(onHost, (asked) => {
    ids.add(asked.query.id);
    ports.add(asked.port);
    answerWith('192.0.2.1')(asked);
  });
  for (let index = 0; index < 50; index += 1) await scene.ask({ name: 'a.test' });
  assert.ok(ids.size > 45 && ports.size > 25, `${ids.size} ids, ${ports.size} ports`);
  const steps = [...ids].map((id, index, all) => id - (all[index - 1] ?? 0));
  assert.ok(new Set(steps).size > 40);
});

test('a dead server and a flood: so many questions wait, the rest fails at once, and names of ours are answered', async () => {
  const clock = new ManualClock();
  await using scene = new Scene(clock);
  scene.names.set('web', [endpoint('web')]);
  using _dead = new DnsServer(onHost, () => {});
  await scene.open({ upstream: [onHost] });
  using client = new DnsDatagramClient(scene.path);
  const outstanding = 1024 + 4096;
  for (let sent = 0; sent < outstanding; sent += 64) {
    for (let index = 0; index < 64; index += 1) client.send(questionBytes({ name: 'a.test' }));
    // Answered after what was sent before it: the kernel keeps the order of one socket.
    client.send(questionBytes({ name: 'web' }));
    assert.equal(readMessage(await client.next()).answers.length, 1);
  }
  assert.equal((await scene.ask({ name: 'b.test' })).code, serverFailure);
  assert.equal((await scene.ask({ name: 'web', transport: 'tcp' })).answers.length, 1);
  const failures = (async () => {
    for (let index = 0; index < outstanding; index += 1) {
      assert.equal(readMessage(await client.next()).code, serverFailure);
    }
  })();
  // Those who waited for their turn and had it have four seconds from then.
  await clock.advance(8000);
  await failures;
});

test('a container that goes while its questions are out leaves no socket in its namespace', async () => {
  const clock = new ManualClock();
  await using scene = new Scene(clock);
  const asked: string[] = [];
  const both = Promise.withResolvers<void>();
  using _silent = new DnsServer({ ...inContainer, namespacePath: scene.path }, ({ transport }) => {
    if (asked.push(transport) === 2) both.resolve();
  });
  await scene.open({ upstream: [inContainer] });
  using datagrams = new DnsDatagramClient(scene.path);
  using stream = new DnsStreamClient(scene.path);
  datagrams.send(questionBytes({ name: 'a.test' }));
  stream.send(questionBytes({ name: 'a.test' }));
  await both.promise;
  scene.host.close('asker');
  await stream.closed;
  await scene.open({ upstream: [] });
  assert.equal((await scene.ask({ name: 'a.test' })).code, serverFailure);
});

/** A container that asks, alone on its network. */
class Scene implements AsyncDisposable {
  readonly #namespaces = new LoopbackNamespaces();
  readonly host: ResolverHost & Disposable;
  readonly names = new NameIndex();
  readonly path: string = this.#namespaces.make();

  constructor(clock: Clock = systemClock) {
    this.host = openResolverHost({ clock, logger: silentLogger });
    this.names.set('asker', [endpoint('asker')]);
  }

  async open(settings: Pick<ResolverSandbox, 'upstream'> & Partial<ResolverSandbox>): Promise<void> {
    await this.host.open({
      containerId: 'asker',
      namespacePath: this.path,
      forwards: true,
      keepsSingleLabels: false,
      names: this.names.source('asker'),
      ...settings,
    });
  }

  ask(question: Omit<DnsQuestion, 'from'>): Promise<DnsMessage> {
    return askDns({ from: this.path, ...question });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.host[Symbol.dispose]();
    await this.#namespaces[Symbol.asyncDispose]();
  }
}

function endpoint(name: string): {
  networkId: string;
  networkName: string;
  names: string[];
  ipv4: string;
  links: Map<string, string>;
} {
  return { networkId: 'front', networkName: 'front', names: [name], ipv4: '10.0.0.2', links: new Map() };
}

function answerWith(address: string): (asked: AskedQuestion) => void {
  return ({ query, name, reply }) => reply(answerTo(query, { answers: [addressRecord(name, address)] }));
}
