import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { temporaryRoot } from '@gantry/testkit';
import { run } from '../support/processes.ts';
import { repositoryRoot } from '../support/test-daemon.ts';

test('a fresh clone runs a container by one command', { timeout: 300_000 }, async () => {
  await using root = await temporaryRoot('quickstart');
  const clone = path.join(root.path, 'clone');
  execFileSync('git', ['clone', '--quiet', '--no-hardlinks', repositoryRoot, clone]);
  const suite = /VERSION_CODENAME=(\w+)/.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? 'stable';
  const script = [
    'mkdir -p /run/gantry && mount -t tmpfs tmpfs /run/gantry',
    './gantry run --rm "mirror/$DISTRIBUTION:$SUITE" cat /etc/os-release',
    'kill "$(cat /run/gantry/gantryd.pid)"',
    'while [ -e /run/gantry/gantryd.pid ]; do sleep 0.1; done',
    'umount -R /run/gantry',
  ].join('\n');
  const finished = await run('unshare', ['--mount', '--propagation', 'private', 'sh', '-euc', script], {
    cwd: clone,
    timeoutMs: 280_000,
    env: {
      SUITE: suite,
      DISTRIBUTION: /^ID=(\w+)/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? 'debian',
      GANTRY_DATA_ROOT: path.join(root.path, 'data'),
      GANTRY_BRIDGE: 'gtquick0',
    },
  });
  assert.equal(finished.exitCode, 0, finished.stderr);
  assert.match(finished.stdout, new RegExp(`VERSION_CODENAME=${suite}`));
});
