import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { busyboxArchive, loadBusybox } from '../support/busybox-image.ts';
import { needsDocker28 } from '../support/docker-version.ts';
import { peer, programs, TestDaemon } from '../support/test-daemon.ts';
import { until } from '../support/until.ts';

const image = 'mirror/busybox';
const fast = ['--health-interval', '100ms', '--health-retries', '2'];
let daemon: TestDaemon;

before(async () => {
  daemon = await TestDaemon.start();
  await loadBusybox(daemon);
});
after(() => daemon[Symbol.asyncDispose]());

function inspect(ref: string, format: string): Promise<string> {
  return daemon.ok('inspect', '-f', format, ref);
}

async function untilHealth(ref: string, status: string): Promise<void> {
  await until(
    `${ref} is ${status}`,
    async () => (await inspect(ref, '{{.State.Health.Status}}')) === status,
    40_000,
  );
}

async function untilLogged(ref: string, count: number): Promise<void> {
  const probes = '{{len .State.Health.Log}}';
  await until(`${count} probes`, async () => Number(await inspect(ref, probes)) >= count, 40_000);
}

/** Everything here is true of our CLI and of the docker CLI alike. */
for (const program of programs) {
  const ok = async (...args: string[]): Promise<string> => {
    const finished = await daemon[program](args);
    assert.equal(finished.exitCode, 0, `${args.join(' ')}: ${finished.stderr}`);
    return finished.stdout.trimEnd();
  };

  describe(`${program}, health`, () => {
    test('follows the check of --health-cmd: in inspect, ps, its filter and the events', async () => {
      const name = `checked-${program}`;
      const check = ['--health-cmd', 'cat /health; test -e /ok', '--health-timeout', '20s', ...fast];
      const start = ['--name', name, ...check, image, 'sh', '-c', 'echo state >/health; sleep 1000'];
      const id = await ok('run', '-d', ...start);
      await untilHealth(name, 'unhealthy');
      assert.match(await ok('ps', '-f', `name=${name}`, '--format', '{{.Status}}'), /^Up .* \(unhealthy\)$/);
      assert.equal(await ok('ps', '-f', `name=${name}`, '-f', 'health=unhealthy', '-q', '--no-trunc'), id);
      await ok('exec', name, 'touch', '/ok');
      await untilHealth(name, 'healthy');
      assert.match(await ok('ps', '-f', `name=${name}`, '--format', '{{.Status}}'), /^Up .* \(healthy\)$/);
      assert.equal(await ok('ps', '-f', `name=${name}`, '-f', 'health=healthy', '-q', '--no-trunc'), id);
      assert.equal(await ok('ps', '-f', `name=${name}`, '-f', 'health=none', '-q'), '');
      const streak = await inspect(name, '{{.State.Health.FailingStreak}}');
      assert.equal(streak, '0');
      const [exitCode, output] = (
        await inspect(name, '{{with index .State.Health.Log 0}}{{.ExitCode}} {{.Output}}{{end}}')
      ).split(' ');
      assert.match(exitCode ?? '', /^[01]$/);
      assert.equal(output?.trim(), 'state');
      const soon = String(Math.floor(Date.now() / 1000) + 1);
      const window = ['--since', '0', '--until', soon];
      const wanted = ['-f', `container=${name}`, '-f', 'event=health_status', '--format', '{{.Action}}'];
      const told = await ok('events', ...window, ...wanted);
      assert.deepEqual(told.split('\n').slice(0, 2), ['health_status: unhealthy', 'health_status: healthy']);
      await ok('stop', '-t', '0', name);
      assert.equal(await inspect(name, '{{.State.Health.Status}}'), 'unhealthy');
      await ok('rm', name);
    });

    test('a container is starting until its first probe', async () => {
      const id = await ok(
        'run',
        '-d',
        '--health-cmd',
        'true',
        '--health-interval',
        '1h',
        image,
        'sleep',
        '1000',
      );
      assert.equal(await inspect(id, '{{.State.Health.Status}}'), 'starting');
      const shown = await ok('ps', '-f', `id=${id}`, '-f', 'health=starting', '--format', '{{.Status}}');
      assert.match(shown, /^Up .* \(health: starting\)$/);
      await ok('rm', '-f', id);
    });

    test('a probe that takes too long is killed and told, and the output is cut', async () => {
      const slow = ['--health-cmd', 'echo begun; exec sleep 123', '--health-timeout', '300ms', ...fast];
      const id = await ok('run', '-d', ...slow, image, 'sleep', '1000');
      await untilLogged(id, 1);
      const entry = await inspect(id, '{{with index .State.Health.Log 0}}{{.ExitCode}} {{.Output}}{{end}}');
      assert.match(entry, /^-1 Health check exceeded timeout \(300ms\)/);
      await ok('rm', '-f', id);
      const long = ['--health-cmd', 'yes | head -c 100000', '--health-timeout', '20s', ...fast];
      const loud = await ok('run', '-d', ...long, image, 'sleep', '1000');
      await untilHealth(loud, 'healthy');
      const text = await inspect(loud, '{{with index .State.Health.Log 0}}{{.Output}}{{end}}');
      assert.equal(text, `${'y\n'.repeat(2048)}...`);
      await ok('rm', '-f', loud);
    });

    test('an image’s HEALTHCHECK is run, changed by options, and left out by --no-healthcheck', async () => {
      const load = await daemon[program](['load'], { stdin: await checkedImage() });
      assert.equal(load.exitCode, 0, load.stderr);
      const id = await ok('run', '-d', 'test/checked', 'sleep', '1000');
      await untilHealth(id, 'healthy');
      const other = await ok('run', '-d', '--health-retries', '7', 'test/checked', 'sleep', '1000');
      assert.equal(
        await inspect(other, '{{json .Config.Healthcheck.Test}} {{.Config.Healthcheck.Retries}}'),
        '["CMD","true"] 7',
      );
      const none = await ok('run', '-d', '--no-healthcheck', 'test/checked', 'sleep', '1000');
      assert.equal(await inspect(none, '{{if .State.Health}}checked{{else}}none{{end}}'), 'none');
      assert.doesNotMatch(await ok('ps', '-f', `id=${none}`, '--format', '{{.Status}}'), /\(/);
      await ok('rm', '-f', id, other, none);
    });

    test('a check that cannot be is refused', async () => {
      const short = await daemon[program](['create', '--health-interval', '1us', image]);
      assert.notEqual(short.exitCode, 0);
      assert.match(short.stderr, /Interval in Healthcheck cannot be less than 1ms/);
    });

    if (peer === undefined) describe('beyond Docker', () => ours(program));
  });
}

async function checkedImage(): Promise<Uint8Array> {
  return busyboxArchive({
    name: 'test/checked:latest',
    config: { Healthcheck: { Test: ['CMD', 'true'], Interval: 100_000_000 } },
  });
}

function ours(program: 'gantry' | 'docker'): void {
  const ok = async (...args: string[]): Promise<string> => {
    const finished = await daemon[program](args);
    assert.equal(finished.exitCode, 0, `${args.join(' ')}: ${finished.stderr}`);
    return finished.stdout.trimEnd();
  };

  test('--restart on-unhealthy starts an unhealthy container again, and needs a check', async () => {
    const check = ['--health-cmd', 'test ! -e /ill', ...fast];
    const policy = ['--restart', 'on-unhealthy', '--stop-timeout', '0'];
    const id = await ok('run', '-d', ...policy, ...check, image, 'sh', '-c', 'rm -f /ill; sleep 1000');
    await untilHealth(id, 'healthy');
    await ok('exec', id, 'touch', '/ill');
    await until('it was restarted', async () => (await inspect(id, '{{.RestartCount}}')) === '1', 40_000);
    await untilHealth(id, 'healthy');
    await ok('rm', '-f', id);
    const refused = await daemon[program](['run', '-d', '--restart', 'on-unhealthy', image, 'true']);
    assert.equal(refused.exitCode, 125);
    assert.match(refused.stderr, /'on-unhealthy' needs a health check/);
  });

  const title = 'health goes on over a killed engine, and --health-start-interval is for the start period';
  test(title, needsDocker28(program), async () => {
    const start = [
      '--health-start-period',
      '1h',
      '--health-start-interval',
      '100ms',
      '--health-interval',
      '1h',
    ];
    const check = ['--health-cmd', 'test -e /ok', '--health-timeout', '20s', ...start];
    const id = await ok('run', '-d', ...check, image, 'sleep', '1000');
    await untilLogged(id, 5);
    assert.equal(await inspect(id, '{{.State.Health.Status}} {{.State.Health.FailingStreak}}'), 'starting 0');
    await daemon.end('SIGKILL');
    await daemon.restart();
    assert.equal(await inspect(id, '{{len .State.Health.Log}}'), '5');
    await ok('exec', id, 'touch', '/ok');
    await untilHealth(id, 'healthy');
    await daemon.end('SIGKILL');
    await daemon.restart();
    assert.equal(await inspect(id, '{{.State.Health.Status}}'), 'healthy');
    await ok('rm', '-f', id);
  });
}
