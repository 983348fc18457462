import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { after, before, describe, test } from 'node:test';
import { loadBusybox } from '../support/busybox-image.ts';
import { needsDocker28 } from '../support/docker-version.ts';
import { type Finished, run } from '../support/processes.ts';
import { peer, programs, TestDaemon } from '../support/test-daemon.ts';
import { until } from '../support/until.ts';

const image = 'mirror/busybox';
const isolated = ['--network', 'none'];
/** Tells each signal it gets, by number, and ends with 40 more. */
const traps = [1, 2, 3, 10, 12, 15, 18, 28, 36, 50, 62, 64]
  .map((number) => `trap 'echo got ${number}; [ ${number} = 28 ] || exit $((40 + ${number}))' ${number}`)
  .join('; ');
const trapping = ['sh', '-c', `${traps}; echo ready; while :; do sleep 1000 & wait $!; done`];
let daemon: TestDaemon;

before(async () => {
  daemon = await TestDaemon.start();
  await loadBusybox(daemon);
});
after(() => daemon[Symbol.asyncDispose]());

/** Everything here is true of our CLI and of the docker CLI alike. */
for (const program of programs) {
  const call = (...args: string[]): Promise<Finished> => daemon[program](args);
  const name = `signals-${program}`;
  const exitCode = async (of = name): Promise<string> =>
    await daemon.ok('inspect', '-f', '{{.State.Status}} {{.State.ExitCode}}', of);
  const isReady = (of = name): Promise<void> =>
    until('it is ready', async () => /ready\n?$/.test(await daemon.ok('logs', of)));
  /** A container that tells signals, removed at the end. */
  const runTrapping = async (...flags: string[]): Promise<AsyncDisposable> => {
    await daemon.ok('run', '-d', '--name', name, ...isolated, ...flags, image, ...trapping);
    await isReady();
    return { [Symbol.asyncDispose]: async () => void (await daemon.ok('rm', '-f', name)) };
  };

  describe(`${program} kill`, () => {
    test('knows signals by number and by name, with SIG and without, in any case, real-time ones too', async () => {
      await using _container = await runTrapping();
      for (const [signal, number] of [
        ['1', 1],
        ['SIGINT', 2],
        ['quit', 3],
        ['sigusr1', 10],
        ['RTMIN+2', 36],
        ['SIGRTMAX-14', 50],
        ['rtmax-2', 62],
        ['64', 64],
      ] as const) {
        assert.equal((await call('kill', '-s', signal, name)).exitCode, 0, signal);
        assert.equal(await daemon.ok('wait', name), String(40 + number), signal);
        await daemon.ok('start', name);
        await isReady();
      }
      for (const signal of ['FOO', '0', 'SIGRTMIN+99', 'RTMAX-15', 'SIG', 'UNUSED']) {
        const refused = await call('kill', '-s', signal, name);
        assert.equal(refused.exitCode, 1, signal);
        assert.match(refused.stderr, new RegExp(`[Ii]nvalid signal: ${RegExp.escape(signal)}`));
      }
      assert.equal((await call('kill', name)).exitCode, 0);
      assert.equal(await daemon.ok('wait', name), '137');
    });

    test('says what it cannot kill', async () => {
      await daemon.ok('create', '--name', name, ...isolated, image, 'true');
      const still = await call('kill', name);
      assert.match(
        still.stderr,
        new RegExp(`annot kill container: ${name}: .ontainer [0-9a-f]{64} is not running`),
      );
      await daemon.ok('rm', name);
      assert.match((await call('kill', name)).stderr, /annot kill container: .*: No such container/);
    });
  });

  describe(`${program} stop`, () => {
    test('sends the container’s own signal, or the one asked for', needsDocker28(program), async () => {
      await using _container = await runTrapping('--stop-signal', 'SIGRTMIN+2');
      await call('stop', name);
      assert.equal(await exitCode(), 'exited 76');
      if (peer !== undefined) return;
      await daemon.ok('start', name);
      await isReady();
      assert.equal((await call('stop', '-s', 'FOO', name)).exitCode, 1);
      await call('stop', '-s', 'USR2', name);
      assert.equal(await exitCode(), 'exited 52');
    });

    test('refuses a stop signal that is none at create', async () => {
      for (const signal of ['RTMIN+16', 'RTMAX-15', 'SIGFOO', '0']) {
        const refused = await call('create', '--stop-signal', signal, ...isolated, image, 'true');
        assert.match(refused.stderr, new RegExp(`[Ii]nvalid signal: ${RegExp.escape(signal)}`));
      }
      for (const signal of ['RTMIN+15', 'rtmax-14', 'SIGRTMAX', '64', 'term', 'SIGIOT']) {
        const id = (await call('create', '--stop-signal', signal, ...isolated, image, 'true')).stdout.trim();
        assert.equal(await daemon.ok('inspect', '-f', '{{.Config.StopSignal}}', id), signal);
        await daemon.ok('rm', id);
      }
    });

    test('kills at once with a timeout of 0, and never with -1', async () => {
      const deaf = ['sh', '-c', 'trap "" TERM; echo ready; while :; do sleep 1000; done'];
      await daemon.ok('run', '-d', '--name', name, '--stop-timeout', '0', ...isolated, image, ...deaf);
      await isReady();
      assert.equal((await call('stop', name)).exitCode, 0);
      assert.equal(await exitCode(), 'exited 137');
      await daemon.ok('start', name);
      const stopping = call('stop', '-t', '-1', name);
      await until('it was asked', async () => {
        const events = await daemon.ok(
          'events',
          '--since',
          '1h',
          '--until',
          '0s',
          '--filter',
          `container=${name}`,
        );
        return events.includes('signal=15');
      });
      assert.equal(await exitCode(), 'running 0');
      await daemon.ok('kill', name);
      assert.equal((await stopping).exitCode, 0);
      await daemon.ok('rm', name);
    });
  });

  describe(`${program}: the client’s signals`, () => {
    /** Sends a signal to a client that shows `ready`, and resolves with its exit code. */
    const signalled = async (args: string[], signal: NodeJS.Signals): Promise<number | null> => {
      const [command = '', ...words] = [...daemon.commandLine(program), ...args];
      const client = spawn(command, words, { stdio: ['ignore', 'pipe', 'inherit'] });
      let shown = '';
      client.stdout.on('data', (chunk: Buffer) => (shown += chunk.toString()));
      await until('the client is attached', () => shown.includes('ready'));
      client.kill(signal);
      const [code] = (await once(client, 'close')) as [number | null];
      return code;
    };

    test('are the container’s', async () => {
      const running = ['run', '--rm', ...isolated, image, ...trapping];
      for (const [signal, number] of [
        ['SIGTERM', 15],
        ['SIGHUP', 1],
        ['SIGUSR2', 12],
        ['SIGCONT', 18],
      ] as const) {
        assert.equal(await signalled(running, signal), 40 + number, signal);
      }
    });

    test('end the client alone with --sig-proxy=false', async () => {
      const args = ['run', '--name', name, '--sig-proxy=false', ...isolated, image, ...trapping];
      assert.equal(await signalled(args, 'SIGHUP'), null);
      assert.equal(await exitCode(), 'running 0');
      await daemon.ok('rm', '-f', name);
    });
  });

  describe(`${program}: a reader of the client’s output that goes away`, () => {
    const headOf = async (...args: string[]): Promise<[string, string]> => {
      const line = [...daemon.commandLine(program), ...args].map((word) => `'${word}'`).join(' ');
      const ended = await run('bash', ['-c', `${line} | head -n 1 >&2; exit \${PIPESTATUS[0]}`]);
      return [String(ended.exitCode), ended.stderr];
    };

    test('fails run and attach by the write, and ends the others by SIGPIPE; the container goes on', async () => {
      const chatter = [image, 'sh', '-c', 'while :; do echo line; usleep 1000; done'];
      const run = await headOf('run', '--name', name, ...isolated, ...chatter);
      assert.equal(run[0], '1');
      assert.match(run[1], /^line\nwrite \/dev\/stdout: broken pipe\n$/);
      assert.deepEqual(await headOf('attach', '--sig-proxy=false', name), ['141', 'line\n']);
      const attach = await headOf('attach', name);
      assert.deepEqual([attach[0], attach[1].includes('broken pipe')], ['1', true]);
      assert.deepEqual(await headOf('logs', '-f', name), ['141', 'line\n']);
      assert.deepEqual(await headOf('exec', name, 'yes', 'line'), ['141', 'line\n']);
      assert.equal(await exitCode(), 'running 0');
      await daemon.ok('rm', '-f', name);
    });
  });
}
