import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatAddress, parseAddress } from './address.ts';
import { InvalidInputError } from './errors.ts';

test('reads unix and tcp addresses', () => {
  assert.deepEqual(parseAddress('unix:///run/x.sock'), { kind: 'unix', path: '/run/x.sock' });
  assert.deepEqual(parseAddress('tcp://host:1234'), { kind: 'tcp', host: 'host', port: 1234 });
  assert.deepEqual(parseAddress('host:1234'), { kind: 'tcp', host: 'host', port: 1234 });
  assert.deepEqual(parseAddress('tcp://[::1]:1234'), { kind: 'tcp', host: '::1', port: 1234 });
  assert.deepEqual(parseAddress('tcp://host'), { kind: 'tcp', host: 'host', port: 2375 });
});

test('takes 2376 as the port of TLS, and https as TLS', () => {
  assert.deepEqual(parseAddress('tcp://host', { verify: true }), {
    kind: 'tcp',
    host: 'host',
    port: 2376,
    tls: { verify: true },
  });
  assert.deepEqual(parseAddress('https://host'), parseAddress('tcp://host', { verify: true }));
});

test('refuses what it cannot reach', () => {
  for (const text of [
    'ssh://-oProxyCommand=x',
    'ssh://user@-x',
    "ssh://host/a'b",
    'ssh://host:99999',
    'ssh://',
    'npipe:////./pipe/x',
    'unix://relative',
    'tcp://host:99999',
    'tcp://host:0',
    'tcp://a b',
    '',
    'tcp://h/path',
  ]) {
    assert.throws(() => parseAddress(text), InvalidInputError, text);
  }
});

test('writes what it reads', () => {
  for (const text of [
    'unix:///run/x.sock',
    'tcp://host:1',
    'tcp://[::1]:2',
    'ssh://host',
    'ssh://me@host:22/run/x.sock',
  ]) {
    assert.equal(formatAddress(parseAddress(text)), text);
  }
});
