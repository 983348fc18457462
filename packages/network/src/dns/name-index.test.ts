import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type NamedEndpoint, NameIndex } from './name-index.ts';

const nobody = { known: false, ipv4: [], ipv6: [] };

test('a container finds the names, aliases and ids of its networks, in any case, and no others', () => {
  const index = new NameIndex();
  index.set('one', [on('front', ['web', 'www', '0123456789ab'], 2)]);
  index.set('two', [on('front', ['Client'], 3)]);
  index.set('three', [on('back', ['web', 'db'], 4)]);
  for (const name of ['web', 'WEB', 'www', '0123456789ab', 'web.front', 'Www.FRONT']) {
    assert.deepEqual(index.source('two').addresses(name), of(2), name);
  }
  assert.deepEqual(index.source('one').addresses('client'), of(3));
  assert.deepEqual(index.source('one').addresses('web'), of(2));
  for (const name of ['db', 'web.back', 'db.back', 'front', 'web.front.front', '', '.', 'web.']) {
    assert.deepEqual(index.source('two').addresses(name), nobody, name);
  }
  assert.deepEqual(index.source('nobody').addresses('web'), nobody);
});

test('a name with dots is read as dockerd reads it: whole first, then with its end as a network', () => {
  const index = new NameIndex();
  index.set('asker', [on('c.d', ['asker'], 1), on('d', ['asker'], 1)]);
  index.set('one', [on('c.d', ['a', 'a.b'], 2)]);
  index.set('two', [on('d', ['a.b.c', 'x'], 3)]);
  index.set('three', [on('d', ['a.c.d'], 4)]);
  const ask = (name: string): readonly string[] => index.source('asker').addresses(name).ipv4;
  assert.deepEqual(ask('a.c.d'), ['10.0.0.4']);
  assert.deepEqual(ask('a.b.c.d'), ['10.0.0.3']);
  assert.deepEqual(ask('a.b'), ['10.0.0.2']);
  assert.deepEqual(ask('x.d'), ['10.0.0.3']);
});

test('a name that several have has the addresses of all, of the first network that knows it', () => {
  const index = new NameIndex();
  index.set('asker', [on('front', ['asker'], 1), on('back', ['asker'], 1)]);
  index.set('one', [on('front', ['app'], 2)]);
  index.set('two', [on('front', ['app'], 3)]);
  index.set('three', [on('back', ['app'], 4)]);
  const ask = (): readonly string[] => index.source('asker').addresses('app').ipv4;
  assert.deepEqual(ask(), ['10.0.0.2', '10.0.0.3']);
  index.remove('one');
  assert.deepEqual(ask(), ['10.0.0.3']);
  index.remove('two');
  assert.deepEqual(ask(), ['10.0.0.4']);
  index.remove('three');
  index.remove('three');
  assert.deepEqual(index.source('asker').addresses('app'), nobody);
});

test('a container that moves or is renamed is found by its new names alone', () => {
  const index = new NameIndex();
  index.set('asker', [on('front', ['asker'], 1)]);
  const asker = index.source('asker');
  index.set('one', [on('front', ['web'], 2)]);
  index.set('one', [on('front', ['site'], 2), on('back', ['site'], 3)]);
  assert.deepEqual(asker.addresses('web'), nobody);
  assert.deepEqual(asker.addresses('site'), of(2));
  assert.equal(asker.reverse('10.0.0.2'), 'site.front');
  assert.equal(asker.reverse('10.0.0.3'), undefined);
  index.set('one', []);
  assert.deepEqual(asker.addresses('site'), nobody);
  assert.equal(asker.reverse('10.0.0.2'), undefined);
});

test('a link is a name for one container alone, and hides the same name of others', () => {
  const index = new NameIndex();
  index.set('db', [on('front', ['postgres'], 2)]);
  index.set('impostor', [on('front', ['db'], 3)]);
  index.set('linked', [{ ...on('front', ['linked'], 4), links: new Map([['Db', 'db']]) }]);
  index.set('other', [on('front', ['other'], 5)]);
  assert.deepEqual(index.source('linked').addresses('db'), of(2));
  assert.deepEqual(index.source('linked').addresses('db.front'), of(2));
  assert.deepEqual(index.source('other').addresses('db'), of(3));
  index.remove('db');
  assert.deepEqual(index.source('linked').addresses('db'), nobody);
});

test('addresses of both families are told, and told back by the first name', () => {
  const index = new NameIndex();
  index.set('asker', [on('front', ['asker'], 1)]);
  index.set('both', [{ ...on('front', ['web', 'www'], 2), ipv6: 'fd00::2' }]);
  index.set('six', [
    { networkId: 'id of front', networkName: 'front', names: ['six'], ipv6: 'fd00::6', links: new Map() },
  ]);
  const asker = index.source('asker');
  assert.deepEqual(asker.addresses('web'), { known: true, ipv4: ['10.0.0.2'], ipv6: ['fd00::2'] });
  assert.deepEqual(asker.addresses('six'), { known: true, ipv4: [], ipv6: ['fd00::6'] });
  assert.equal(asker.reverse('10.0.0.2'), 'web.front');
  assert.equal(asker.reverse('fd00:0000:0000:0000:0000:0000:0000:0002'), 'web.front');
});

test('the ports of a name are told, one or all, with the name of the container that has them', () => {
  const index = new NameIndex();
  const [web, dns] = [
    { protocol: 'tcp', first: 80, last: 81 },
    { protocol: 'udp', first: 53, last: 53 },
  ] as const;
  index.set('asker', [on('front', ['asker'], 1)]);
  index.set('one', [{ ...on('front', ['one', 'app'], 2), ports: [web, dns] }]);
  index.set('two', [{ ...on('front', ['two', 'app'], 3), ports: [web] }]);
  index.set('many', [{ ...on('front', ['many'], 4), ports: [{ protocol: 'tcp', first: 1, last: 65535 }] }]);
  const asker = index.source('asker');
  const told = (name: string): string | undefined =>
    asker
      .services(name)
      ?.map(({ target, port }) => `${target}:${port}`)
      .join(' ');
  assert.equal(told('one'), 'one:80 one:81 one:53');
  assert.equal(told('_80._tcp.app'), 'one:80 two:80');
  assert.equal(told('_53._udp.app.front'), 'one:53');
  for (const none of ['_53._tcp.one', '_http._tcp.one', '_82._tcp.one', 'asker'])
    assert.equal(told(none), '');
  for (const other of ['nobody', '_80._tcp.nobody', '_80._tcp', '_80._icmp.one']) {
    assert.equal(told(other), undefined, other);
  }
  assert.equal(asker.services('many')?.length, 256);
  assert.equal(told('_65000._tcp.many'), 'many:65000');
});

function on(networkName: string, names: readonly string[], last: number): NamedEndpoint {
  return { networkId: `id of ${networkName}`, networkName, names, ipv4: `10.0.0.${last}`, links: new Map() };
}

function of(last: number): object {
  return { known: true, ipv4: [`10.0.0.${last}`], ipv6: [] };
}
