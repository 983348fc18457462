import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ClientConnection, TrustedProxies } from './trusted-proxies.ts';

const proxies = new TrustedProxies(['10.0.0.0/8', '192.0.2.7', '2001:db8::/32', 'unix']);
const from = (remoteAddress: string): ClientConnection => ({
  remoteAddress,
  isEncrypted: false,
  host: 'inner:5000',
});
const said = {
  'x-forwarded-for': '203.0.113.9',
  'x-forwarded-proto': 'https',
  'x-forwarded-host': 'registry.test',
};

test('a proxy that is trusted says who came, and how', () => {
  for (const address of ['10.1.2.3', '::ffff:10.1.2.3', '192.0.2.7', '2001:db8::1', '']) {
    assert.deepEqual(
      proxies.clientOf(from(address), said),
      { remoteAddress: '203.0.113.9', isEncrypted: true, host: 'registry.test' },
      address,
    );
  }
  assert.deepEqual(proxies.clientOf(from('10.1.2.3'), {}), from('10.1.2.3'));
});

test('nobody else is believed', () => {
  for (const address of ['11.0.0.1', '192.0.2.8', '2001:db9::1', '203.0.113.9']) {
    assert.deepEqual(proxies.clientOf(from(address), said), from(address));
  }
  assert.deepEqual(new TrustedProxies([]).clientOf(from(''), said), from(''));
});

test('of several addresses the last that is no proxy of ours counts: what comes before it a client may have made up', () => {
  for (const [forwarded, client] of [
    ['1.2.3.4, 203.0.113.9, 10.9.9.9', '203.0.113.9'],
    ['203.0.113.9', '203.0.113.9'],
    ['10.9.9.9', '10.9.9.9'],
    ['1.2.3.4, nonsense, 10.9.9.9', '10.9.9.9'],
    ['nonsense', '10.1.2.3'],
    [' , ', '10.1.2.3'],
  ] as const) {
    const { remoteAddress } = proxies.clientOf(from('10.1.2.3'), { 'x-forwarded-for': forwarded });
    assert.equal(remoteAddress, client, forwarded);
  }
});

test('what is no address is refused', () => {
  for (const text of ['proxy.test', '10.0.0.0/33', '10.0.0', '', '10.0.0.0/8/8']) {
    assert.throws(() => new TrustedProxies([text]), /is neither an address/);
  }
});
