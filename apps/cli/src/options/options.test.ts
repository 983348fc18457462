import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseByteSize } from '@gantry/base';
import { fullName } from '../commands/image/pull.ts';
import { registryAuth, registryOf } from '../config/registry-auth.ts';
import { indentJson } from '../output/indent-json.ts';
import { DetachWatcher, parseDetachKeys } from '../streams/detach-keys.ts';
import { splitImageName, withDefaultTag } from './image-name.ts';
import { parseFilters } from './key-values.ts';
import { platformJson } from './platform.ts';
import { parsePorts } from './ports.ts';
import { parseTimestamp } from './timestamp.ts';

test('reads sizes as powers of 1024', () => {
  const sizes: [string, number][] = [
    ['0', 0],
    ['512', 512],
    ['64k', 65_536],
    ['64kb', 65_536],
    ['1.5g', 1_610_612_736],
    ['10MiB', 10_485_760],
    ['2 t', 2 * 1024 ** 4],
  ];
  for (const [text, size] of sizes) assert.equal(parseByteSize(text), size, text);
  for (const text of ['', 'k', '-1', '1x', '1kk', '1.2.3', 'x1'])
    assert.throws(() => parseByteSize(text), /invalid s/, text);
});

test('reads times: ages, RFC 3339, dates, Unix seconds', () => {
  const now = new Date('2024-01-01T00:10:00Z');
  assert.equal(parseTimestamp('10m', now), '1704067200.000000000');
  assert.equal(parseTimestamp('2024-01-01T00:00:00.000000001Z', now), '1704067200.000000001');
  assert.equal(parseTimestamp('2024-01-01T01:00:00+01:00', now), '1704067200.000000000');
  assert.equal(parseTimestamp('1704067200.5', now), '1704067200.5');
  assert.equal(parseTimestamp('', now), undefined);
  for (const text of ['yesterday', '2024-13-01', '2024-01-01 00:00'])
    assert.throws(() => parseTimestamp(text, now), /failed to parse value as time or duration/, text);
});

test('publishes ports in every notation', () => {
  const bindings = (...texts: string[]): unknown => parsePorts(texts, []).bindings;
  assert.deepEqual(bindings('80'), { '80/tcp': [{ HostIp: '', HostPort: '' }] });
  assert.deepEqual(bindings('127.0.0.1::53/UDP'), { '53/udp': [{ HostIp: '127.0.0.1', HostPort: '' }] });
  assert.deepEqual(bindings('[::1]:8080:80'), { '80/tcp': [{ HostIp: '::1', HostPort: '8080' }] });
  assert.deepEqual(bindings('1-2:3-4'), {
    '3/tcp': [{ HostIp: '', HostPort: '1' }],
    '4/tcp': [{ HostIp: '', HostPort: '2' }],
  });
  assert.deepEqual(bindings('1-9:80'), { '80/tcp': [{ HostIp: '', HostPort: '1-9' }] });
  assert.deepEqual(bindings('1:80', '2:80'), {
    '80/tcp': [
      { HostIp: '', HostPort: '1' },
      { HostIp: '', HostPort: '2' },
    ],
  });
  for (const text of [
    '',
    ':',
    'x',
    '80:x',
    '70000:1',
    '1:70000',
    '2-1:3-4',
    '1-2:3-5',
    '1.2.3:1:2',
    '1:2/x',
    '1:2:3:4',
  ]) {
    assert.throws(() => parsePorts([text], []), /invalid|no port/, text);
  }
  assert.deepEqual(parsePorts([], ['5-6', '7/udp']).exposed, { '5/tcp': {}, '6/tcp': {}, '7/udp': {} });
});

test('splits image names', () => {
  assert.deepEqual(splitImageName('host:5000/a/b'), {
    repository: 'host:5000/a/b',
    tag: undefined,
    digest: undefined,
  });
  assert.deepEqual(splitImageName('host:5000/a/b:c'), {
    repository: 'host:5000/a/b',
    tag: 'c',
    digest: undefined,
  });
  assert.deepEqual(splitImageName('a:b@sha256:d'), { repository: 'a', tag: 'b', digest: 'sha256:d' });
  assert.equal(withDefaultTag('a'), 'a:latest');
  assert.equal(withDefaultTag('a@sha256:d'), 'a@sha256:d');
  assert.equal(fullName('busybox:latest'), 'docker.io/library/busybox:latest');
  assert.equal(fullName('a/b'), 'docker.io/a/b');
  assert.equal(fullName('host:5000/a'), 'host:5000/a');
  assert.equal(fullName('mirror/debian:bookworm'), 'mirror/debian:bookworm');
});

test('gathers filters, and platforms as JSON', () => {
  assert.deepEqual(
    parseFilters(['label=a=b', 'Label=c', 'status=up', '']),
    new Map([
      ['label', ['a=b', 'c']],
      ['status', ['up']],
    ]),
  );
  assert.equal(platformJson('linux/arm64/v8'), '{"architecture":"arm64","os":"linux","variant":"v8"}');
  assert.equal(platformJson(''), undefined);
  assert.throws(() => platformJson('a/b/c/d'), /invalid platform/);
});

test('finds credentials by registry', () => {
  const auth = Buffer.from('me:secret:x').toString('base64');
  const decode = (text: string): unknown => JSON.parse(Buffer.from(text, 'base64url').toString());
  const config = {
    auths: { 'https://index.docker.io/v1/': { auth }, 'https://host:5000/v2/': { identitytoken: 't' } },
  };
  assert.equal(registryOf('busybox'), 'https://index.docker.io/v1/');
  assert.equal(registryOf('localhost/x'), 'localhost');
  assert.deepEqual(decode(registryAuth(config, 'busybox')), {
    username: 'me',
    password: 'secret:x',
    serveraddress: 'https://index.docker.io/v1/',
  });
  assert.deepEqual(decode(registryAuth(config, 'host:5000/a')), {
    identitytoken: 't',
    serveraddress: 'host:5000',
  });
  assert.equal(registryAuth({}, 'busybox'), 'e30=');
  assert.equal(registryAuth({ credsStore: '../evil' }, 'busybox'), 'e30=');
});

test('reads detach keys', () => {
  assert.deepEqual(parseDetachKeys('ctrl-p,ctrl-q'), Uint8Array.of(16, 17));
  assert.deepEqual(parseDetachKeys('a,ctrl-@,ctrl-[,ctrl-_,DEL'), Uint8Array.of(97, 0, 27, 31, 127));
  for (const text of ['', 'ctrl-', 'ctrl-1', 'ctrl-A', 'ab', 'ctrl-p,,'])
    assert.equal(parseDetachKeys(text), undefined, text);
});

test('watches input for the detach keys, however it is cut', () => {
  const run = (keys: string, ...chunks: string[]): [string, boolean] => {
    const watcher = new DetachWatcher(parseDetachKeys(keys) ?? assert.fail());
    let passed = '';
    for (const chunk of chunks) {
      const { data, detached } = watcher.filter(Buffer.from(chunk));
      passed += Buffer.from(data).toString();
      if (detached) return [passed, true];
    }
    return [passed, false];
  };
  assert.deepEqual(run('ctrl-p,ctrl-q', 'ab\x10\x11cd'), ['ab', true]);
  assert.deepEqual(run('ctrl-p,ctrl-q', 'ab\x10', '\x11'), ['ab', true]);
  assert.deepEqual(run('ctrl-p,ctrl-q', 'a\x10b'), ['a\x10b', false]);
  assert.deepEqual(run('ctrl-p,ctrl-q', '\x10', '\x10', '\x11'), ['\x10', true]);
  assert.deepEqual(run('a,a,b', 'aaab'), ['a', true]);
  assert.deepEqual(run('a,a,b', 'aacaab'), ['aac', true]);
});

test('lays out JSON without touching keys or numbers', () => {
  const json = '{"b":1,"1":[],"a":{},"n":12345678901234567890,"s":"{,:]\\"","l":[1,{"x":null}]}';
  assert.equal(
    indentJson(json),
    '{\n    "b": 1,\n    "1": [],\n    "a": {},\n    "n": 12345678901234567890,\n    "s": "{,:]\\"",\n    "l": [\n        1,\n        {\n            "x": null\n        }\n    ]\n}',
  );
});
