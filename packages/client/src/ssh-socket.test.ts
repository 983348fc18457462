import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { ApiClient, parseAddress } from './index.ts';

const directory = mkdtempSync(path.join(tmpdir(), 'gantry-ssh-test-'));
process.env['PATH'] = `${directory}:${process.env['PATH']}`;
after(() => rmSync(directory, { recursive: true, force: true }));

/** Puts a program named ssh in front of the real one; its arguments go to a file, one a line. */
function fakeSsh(script: string): void {
  const file = path.join(directory, 'ssh');
  writeFileSync(file, `#!/bin/sh\nprintf '%s\\n' "$@" > ${directory}/arguments\n${script}\n`);
  chmodSync(file, 0o755);
}

const client = (address: string): ApiClient => new ApiClient({ address: parseAddress(address) });

test('speaks over the stdin and stdout of ssh, which runs dial-stdio on the other machine', async () => {
  fakeSsh(
    `read line; printf 'HTTP/1.1 200 OK\\r\\nContent-Type: application/json\\r\\nContent-Length: 2\\r\\n\\r\\n{}'; cat >/dev/null`,
  );
  assert.deepEqual(
    await client('ssh://me@elsewhere:2222/run/x.sock').json({ method: 'GET', path: '/info' }),
    {},
  );
  const words = readFileSync(path.join(directory, 'arguments'), 'utf8').trim().split('\n');
  assert.deepEqual(words.slice(0, -1), '-o ConnectTimeout=30 -T -l me -p 2222 -- elsewhere'.split(' '));
  assert.match(words.at(-1) ?? '', /exec gantry -H 'unix:\/\/\/run\/x.sock' system dial-stdio/);
});

test('tells in words of ssh why a connection did not come about', async () => {
  fakeSsh(`echo 'Host key verification failed.' >&2; exit 255`);
  await assert.rejects(client('ssh://elsewhere').json({ method: 'GET', path: '/info' }), {
    code: 'connection-failed',
    message: /ssh:\/\/elsewhere: ssh has ended with 255: Host key verification failed\.$/,
  });
});
