import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { systemEvents } from '@gantry/client';
import { loadBusybox } from '../support/busybox-image.ts';
import { peer, TestDaemon } from '../support/test-daemon.ts';

const image = 'mirror/busybox';
const directory = mkdtempSync('/tmp/gantry-test-defaults-');
const file = path.join(directory, 'daemon.json');
const profile = path.join(directory, 'profile.json');
const settings = {
  'default-ulimits': { nofile: { Name: 'nofile', Soft: 100, Hard: 200 } },
  'default-shm-size': '8M',
  'default-ipc-mode': 'shareable',
  'default-cgroupns-mode': 'private',
  'no-new-privileges': true,
  'seccomp-profile': profile,
  'oom-score-adjust': 100,
};
const report =
  "ulimit -n; ulimit -Hn; df -k /dev/shm | tail -1 | tr -s ' ' | cut -d ' ' -f 2; " +
  'grep NoNewPrivs /proc/self/status | cut -f 2; cat /proc/self/oom_score_adj; mkdir /x 2>/dev/null && echo made';
let daemon: TestDaemon;

async function lines(...args: string[]): Promise<string[]> {
  return (await daemon.ok(...args)).split('\n');
}

before(async () => {
  writeFileSync(
    profile,
    JSON.stringify({
      defaultAction: 'SCMP_ACT_ALLOW',
      syscalls: [{ names: ['mkdir', 'mkdirat'], action: 'SCMP_ACT_ERRNO' }],
    }),
  );
  writeFileSync(file, JSON.stringify(settings));
  daemon = await TestDaemon.start(['--config-file', file]);
  await loadBusybox(daemon);
});
after(async () => {
  await daemon[Symbol.asyncDispose]();
  rmSync(directory, { recursive: true });
});

test('containers that do not say otherwise get what the daemon is configured with, and so do execs', async () => {
  const id = await daemon.ok('run', '-d', '--network', 'none', image, 'sleep', '1000');
  const format = '{{.HostConfig.ShmSize}} {{.HostConfig.IpcMode}} {{.HostConfig.CgroupnsMode}}';
  assert.equal(await daemon.ok('inspect', '-f', format, id), '8388608 shareable private');
  const script = `${report}; true`;
  const got = await lines('run', '--rm', '--network', 'none', image, 'sh', '-c', script);
  assert.deepEqual(got, ['100', '200', '8192', '1', '0']);
  assert.deepEqual(await lines('exec', id, 'sh', '-c', script), got);
  await daemon.ok('rm', '-f', id);
});

test('what a container asks for itself comes before the daemon’s defaults', async () => {
  const flags =
    '--ulimit nofile=50:60 --shm-size 4m --security-opt no-new-privileges=false --oom-score-adj 7';
  const security = ['--security-opt', 'seccomp=unconfined', '--network', 'none'];
  const got = await lines('run', '--rm', ...flags.split(' '), ...security, image, 'sh', '-c', report);
  assert.deepEqual(got, ['50', '60', '4096', '0', '7', 'made']);
  const id = await daemon.ok(
    'run',
    '-d',
    '--network',
    'none',
    '--oom-score-adj',
    '7',
    image,
    'sleep',
    '1000',
  );
  assert.equal(await daemon.ok('exec', id, 'cat', '/proc/self/oom_score_adj'), '7');
  await daemon.ok('rm', '-f', id);
});

test('the daemon tells of its profile, and the kernel ends it before others', async () => {
  const options = await daemon.ok('info', '-f', '{{json .SecurityOptions}}');
  assert.ok(options.includes(`"name=seccomp,profile=${profile}"`), options);
  // dockerd 20.10 does not tell of it yet.
  if (peer === undefined) assert.ok(options.includes('"name=no-new-privileges"'), options);
  assert.equal(readFileSync(`/proc/${daemon.pid}/oom_score_adj`, 'utf8').trim(), '100');
});

test('a reload puts the defaults of new containers in force, and leaves those that are there', async () => {
  const shown = (id: string): Promise<string> =>
    daemon.ok(
      'inspect',
      '-f',
      '{{.HostConfig.ShmSize}} {{.HostConfig.IpcMode}} {{.HostConfig.CgroupnsMode}}',
      id,
    );
  const old = await daemon.ok('create', image);
  const leaving = new AbortController();
  const filters = new Map([['event', ['reload']]]);
  const events = await systemEvents(daemon.api, { filters, signal: leaving.signal });
  const changed = {
    ...settings,
    'default-shm-size': '16M',
    'default-ipc-mode': 'private',
    'default-cgroupns-mode': 'host',
  };
  writeFileSync(file, JSON.stringify(changed));
  process.kill(daemon.pid, 'SIGHUP');
  for await (const { Actor: actor } of events) {
    assert.equal(actor?.Attributes?.['default-shm-size'], '16777216');
    assert.equal(actor?.Attributes?.['default-ipc-mode'], 'private');
    assert.equal(actor?.Attributes?.['default-cgroupns-mode'], 'host');
    break;
  }
  const recent = await daemon.ok('create', image);
  assert.equal(await shown(recent), '16777216 private host');
  assert.equal(await shown(old), '8388608 shareable private');
  await daemon.ok('rm', old, recent);
});
