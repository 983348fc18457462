import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { after, before, describe, test } from 'node:test';
import type { ContainerCreateRequest } from '@gantry/api-types';
import {
  containerLogs,
  createContainer,
  demultiplex,
  inspectContainer,
  killContainer,
  removeContainer,
  startContainer,
  waitContainer,
} from '@gantry/client';
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

async function create(name: string, request: ContainerCreateRequest): Promise<void> {
  await createContainer(
    daemon.api,
    { Image: image, HostConfig: { NetworkMode: 'none' }, ...request },
    { name },
  );
}

/** All that it has printed to stdout. */
async function outputOf(name: string): Promise<string> {
  let output = '';
  for await (const { data } of demultiplex(
    await containerLogs(daemon.api, name, { stdout: true, stderr: false }),
  )) {
    output += Buffer.from(data).toString();
  }
  return output;
}

/** Its exit code, when it has ended. */
async function ended(name: string): Promise<number> {
  const { result } = await waitContainer(daemon.api, name);
  return (await result).StatusCode;
}

/** Everything here is true of our CLI and of the docker CLI alike. */
for (const program of programs) {
  const call = (...args: string[]): Promise<Finished> => daemon[program](args);
  const name = `signals-${program}`;
  const exitCode = async (): Promise<string> => {
    const { State: state } = await inspectContainer(daemon.api, name);
    return `${state?.Status} ${state?.ExitCode}`;
  };
  const isReady = (): Promise<void> =>
    until('it is ready', async () => (await outputOf(name)).endsWith('ready\n'));
  /** A container that tells signals, removed at the end. */
  const runTrapping = async (request: ContainerCreateRequest = {}): Promise<AsyncDisposable> => {
    await create(name, { Cmd: trapping, ...request });
    await startContainer(daemon.api, name);
    await isReady();
    return { [Symbol.asyncDispose]: () => removeContainer(daemon.api, name, { force: true }) };
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
        assert.equal(await ended(name), 40 + number, signal);
        await startContainer(daemon.api, name);
        await isReady();
      }
      for (const signal of ['FOO', '0', 'SIGRTMIN+99', 'RTMAX-15', 'SIG', 'UNUSED']) {
        const refused = await call('kill', '-s', signal, name);
        assert.equal(refused.exitCode, 1, signal);
        assert.match(refused.stderr, new RegExp(`[Ii]nvalid signal: ${RegExp.escape(signal)}`));
      }
      assert.equal((await call('kill', name)).exitCode, 0);
      const { State } = await inspectContainer(daemon.api, name);
      assert.deepEqual([State?.Status, State?.ExitCode], ['exited', 137]);
    });

    test('says what it cannot kill', async () => {
      await create(name, { Cmd: ['true'] });
      const still = await call('kill', name);
      assert.match(
        still.stderr,
        new RegExp(`annot kill container: ${name}: .ontainer [0-9a-f]{64} is not running`),
      );
      await removeContainer(daemon.api, name);
      assert.match((await call('kill', name)).stderr, /annot kill container: .*: No such container/);
    });
  });

  describe(`${program} stop`, () => {
    test('sends the container’s own signal, or the one asked for', needsDocker28(program), async () => {
      await using _container = await runTrapping({ StopSignal: 'SIGRTMIN+2' });
      await call('stop', name);
      assert.equal(await exitCode(), 'exited 76');
      if (peer !== undefined) return;
      await startContainer(daemon.api, name);
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
        assert.equal((await inspectContainer(daemon.api, id)).Config?.StopSignal, signal);
        await removeContainer(daemon.api, id);
      }
    });

    test('kills at once with a timeout of 0, and never with -1', async () => {
      const deaf = ['sh', '-c', 'trap "" TERM; echo ready; while :; do sleep 1000; done'];
      await create(name, { Cmd: deaf, StopTimeout: 0 });
      await startContainer(daemon.api, name);
      await isReady();
      assert.equal((await call('stop', name)).exitCode, 0);
      assert.equal(await exitCode(), 'exited 137');
      await startContainer(daemon.api, name);
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
      await killContainer(daemon.api, name);
      assert.equal((await stopping).exitCode, 0);
      await removeContainer(daemon.api, name);
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
      await removeContainer(daemon.api, name, { force: true });
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
      await removeContainer(daemon.api, name, { force: true });
    });
  });
}
