import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import type { DnsRequest } from '@gantry/network';
import { resolvConf } from './resolv-conf.ts';

function lines(
  host: string,
  asked: DnsRequest = {},
  place: 'bridge' | 'host' | 'resolver' = 'bridge',
  resolved = '',
): string[] {
  const directory = mkdtempSync(path.join(tmpdir(), 'gantry-resolv-'));
  try {
    const files = {
      resolvConf: path.join(directory, 'resolv.conf'),
      resolvedConf: path.join(directory, 'resolved.conf'),
      hosts: '',
    };
    if (host !== '') writeFileSync(files.resolvConf, host);
    if (resolved !== '') writeFileSync(files.resolvedConf, resolved);
    const resolver = place === 'resolver' ? '127.0.0.11' : undefined;
    return resolvConf(asked, files, { reachesHostLoopback: place === 'host', resolver })
      .trimEnd()
      .split('\n')
      .slice(1);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

test('the host’s servers are taken, but for those on its loopback', () => {
  const host =
    '# comment\nnameserver 127.0.0.1\nnameserver 10.0.0.2 ; mine\nsearch example.org corp\noptions ndots:2\n';
  assert.deepEqual(lines(host), ['nameserver 10.0.0.2', 'search example.org corp', 'options ndots:2']);
  assert.deepEqual(lines(host, {}, 'host')[0], 'nameserver 127.0.0.1');
});

test('behind systemd-resolved’s stub its own servers are found', () => {
  assert.deepEqual(lines('nameserver 127.0.0.53\n', {}, 'bridge', 'nameserver 192.0.2.1\n'), [
    'nameserver 192.0.2.1',
  ]);
});

test('without a server that can be reached, public ones are taken', () => {
  assert.deepEqual(lines('nameserver ::1\n'), ['nameserver 8.8.8.8', 'nameserver 8.8.4.4']);
  assert.deepEqual(lines(''), ['nameserver 8.8.8.8', 'nameserver 8.8.4.4']);
});

test('what the container asks for wins, and a dot means no search', () => {
  const host = 'nameserver 10.0.0.2\nsearch corp\n';
  assert.deepEqual(lines(host, { servers: ['9.9.9.9'], search: ['.'], options: ['ndots:1'] }), [
    'nameserver 9.9.9.9',
    'options ndots:1',
  ]);
});

test('the engine’s resolver stands for all servers, and asks for names without a dot', () => {
  const host = 'nameserver 127.0.0.1\nsearch corp\noptions edns0 ndots:x\n';
  assert.deepEqual(lines(host, { servers: ['9.9.9.9'] }, 'resolver'), [
    'nameserver 127.0.0.11',
    'search corp',
    'options edns0 ndots:0',
  ]);
  assert.deepEqual(lines('', { options: ['ndots:2'] }, 'resolver'), [
    'nameserver 127.0.0.11',
    'options ndots:2',
  ]);
});
