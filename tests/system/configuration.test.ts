import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { systemEvents } from '@gantry/client';
import { loadBusybox } from '../support/busybox-image.ts';
import { peer, TestDaemon } from '../support/test-daemon.ts';
import { until } from '../support/until.ts';

const image = 'mirror/busybox';
const runtimeProgram = peer === undefined ? '/usr/bin/crun' : '/usr/sbin/runc';
const directory = mkdtempSync('/tmp/gantry-test-configuration-');
const file = path.join(directory, 'daemon.json');
let daemon: TestDaemon;

function configure(settings: object): void {
  writeFileSync(file, JSON.stringify(settings));
}

/** Rewrites daemon.json, sends SIGHUP, and resolves with the attributes of the event that tells of it. */
async function reload(settings: object): Promise<Record<string, string>> {
  configure(settings);
  const leaving = new AbortController();
  const filters = new Map([['event', ['reload']]]);
  const events = await systemEvents(daemon.api, { filters, signal: leaving.signal });
  process.kill(daemon.pid, 'SIGHUP');
  for await (const { Type: type, Actor: actor } of events) {
    assert.equal(type, 'daemon');
    assert.equal(actor?.ID, await info('{{.ID}}'));
    return actor?.Attributes ?? {};
  }
  throw new Error('the daemon went away');
}

async function info(format: string): Promise<string> {
  const finished = await daemon.docker(['info', '--format', format]);
  assert.equal(finished.exitCode, 0, finished.stderr);
  return finished.stdout.trimEnd();
}

before(async () => {
  configure({ labels: ['place=here'], runtimes: { mine: { path: runtimeProgram } } });
  daemon = await TestDaemon.start(['--config-file', file]);
  await loadBusybox(daemon);
});
after(async () => {
  await daemon[Symbol.asyncDispose]();
  rmSync(directory, { recursive: true });
});

test('a reload puts labels, registries and runtimes in force, and is told as an event with all of them', async () => {
  assert.equal(await info('{{json .Labels}}'), '["place=here"]');
  const attributes = await reload({
    labels: ['place=there'],
    'insecure-registries': ['registry.example:5000', '10.9.0.0/16'],
    'registry-mirrors': ['https://mirror.example'],
    'max-concurrent-downloads': 7,
    runtimes: { mine: { path: runtimeProgram }, other: { path: runtimeProgram } },
    'default-runtime': 'other',
  });
  assert.equal(attributes['labels'], '["place=there"]');
  assert.equal(attributes['max-concurrent-downloads'], '7');
  assert.equal(attributes['default-runtime'], 'other');
  assert.match(attributes['insecure-registries'] ?? '', /"registry\.example:5000"/);
  assert.equal(await info('{{json .Labels}}'), '["place=there"]');
  assert.equal(await info('{{.DefaultRuntime}}'), 'other');
  assert.equal(await info('{{(index .Runtimes "mine").Path}}'), runtimeProgram);
  assert.equal(await info('{{json .RegistryConfig.Mirrors}}'), '["https://mirror.example/"]');
  assert.match(await info('{{json .RegistryConfig.InsecureRegistryCIDRs}}'), /"10\.9\.0\.0\/16"/);
  assert.match(await info('{{json .RegistryConfig.IndexConfigs}}'), /"registry\.example:5000"/);
});

test('a container runs with the runtime that it asks for; one that is unknown is refused', async () => {
  await reload({ runtimes: { mine: { path: runtimeProgram } }, 'default-runtime': 'mine' });
  assert.equal(await daemon.ok('run', '--rm', '--runtime', 'mine', image, 'echo', 'ran'), 'ran');
  const id = await daemon.ok('create', '--runtime', 'mine', image);
  assert.equal(await daemon.ok('inspect', '-f', '{{.HostConfig.Runtime}}', id), 'mine');
  const unknown = await daemon.docker(['run', '--rm', '--runtime', 'nonsense', image, 'true']);
  assert.equal(unknown.exitCode, 125);
  assert.match(unknown.stderr, /[Uu]nknown (or invalid )?runtime( name:|) ?(specified )?nonsense/);
  await daemon.ok('rm', id);
});

if (peer === undefined) {
  test('a configuration that cannot be used changes nothing and is told', async () => {
    await reload({ labels: ['place=here'] });
    for (const [settings, complaint] of [
      [{ nonsense: true }, /don't match any configuration option: nonsense/],
      [{ 'default-runtime': 'nonsense' }, /specified default runtime 'nonsense' does not exist/],
      [{ runtimes: { crun: { path: '/x' } } }, /runtime name 'crun' is reserved/],
    ] as const) {
      configure(settings);
      process.kill(daemon.pid, 'SIGHUP');
      await until('the failure is told', () => complaint.test(daemon.log));
    }
    assert.equal(await info('{{json .Labels}}'), '["place=here"]');
    configure({ labels: ['place=here'], 'cgroup-parent': '/elsewhere' });
    const flagged = await daemon.gantry(['info', '-f', '{{.Debug}}']);
    assert.equal(flagged.stdout, 'true\n');
  });

  test('a container stays with its runtime over a restart of an engine that no longer has it', async () => {
    await reload({ runtimes: { mine: { path: runtimeProgram, runtimeArgs: ['--debug'] } } });
    const id = await daemon.ok('run', '-d', '--runtime', 'mine', image, 'sh', '-c', 'echo hello; sleep 1000');
    await daemon.end('SIGKILL');
    configure({});
    await daemon.restart(['--config-file', file]);
    assert.equal(await daemon.ok('inspect', '-f', '{{.State.Status}}', id), 'running');
    assert.equal(await daemon.ok('exec', id, 'echo', 'inside'), 'inside');
    assert.equal(await daemon.ok('logs', id), 'hello');
    await daemon.ok('stop', '-t', '0', id);
    const refused = await daemon.gantry(['start', id]);
    assert.match(refused.stderr, /unknown or invalid runtime name: mine/);
    await daemon.ok('rm', id);
  });

  test('without live-restore a stop of the engine stops the containers, and policies bring them back', async () => {
    configure({ 'live-restore': false, 'shutdown-timeout': 5 });
    await daemon.end('SIGTERM');
    await daemon.restart(['--config-file', file]);
    const script = 'trap "echo asked; exit 3" TERM; while :; do sleep 0.1; done';
    const plain = await daemon.ok('run', '-d', image, 'sh', '-c', script);
    const always = await daemon.ok(
      'run',
      '-d',
      '--restart',
      'always',
      '--stop-timeout',
      '0',
      image,
      'sleep',
      '1000',
    );
    await until('the trap is set', async () => (await daemon.ok('top', plain)).includes('sleep 0.1'));
    await daemon.end('SIGTERM');
    await daemon.restart(['--config-file', file]);
    assert.equal(
      await daemon.ok('inspect', '-f', '{{.State.Status}} {{.State.ExitCode}}', plain),
      'exited 3',
    );
    assert.equal(await daemon.ok('logs', plain), 'asked');
    await until('the policy has started it', async () =>
      (await daemon.ok('inspect', '-f', '{{.State.Status}}', always)).includes('running'),
    );
    assert.equal(await daemon.ok('info', '-f', '{{.LiveRestoreEnabled}}'), 'false');
    await daemon.ok('rm', '-f', plain, always);
  });
}
