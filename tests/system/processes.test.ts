import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { loadBusybox } from '../support/busybox-image.ts';
import type { Finished } from '../support/processes.ts';
import { peer, programs, TestDaemon } from '../support/test-daemon.ts';
import { until } from '../support/until.ts';

const image = 'mirror/busybox';
const isolated = ['--network', 'none'];
let daemon: TestDaemon;

before(async () => {
  daemon = await TestDaemon.start();
  await loadBusybox(daemon);
});
after(() => daemon[Symbol.asyncDispose]());

/** Everything here is true of our CLI and of the docker CLI alike. */
for (const program of programs) {
  const call = (...args: string[]): Promise<Finished> => daemon[program](args);

  describe(`${program} top`, () => {
    const name = `top-${program}`;
    const table = async (...psArguments: string[]): Promise<string[]> => {
      const finished = await call('top', name, ...psArguments);
      assert.equal(finished.exitCode, 0, `${psArguments.join(' ')}: ${finished.stderr}`);
      return finished.stdout.trimEnd().split('\n');
    };
    before(async () => {
      await daemon.ok(
        'run',
        '-d',
        '--name',
        name,
        ...isolated,
        image,
        'sh',
        '-c',
        'sleep 1000 & exec sleep 2000',
      );
      await until('both run', async () => (await table()).filter((line) => /sleep/.test(line)).length === 2);
    });

    test('takes ps arguments in each of their forms', async () => {
      for (const [psArguments, titles] of [
        [['-ef'], 'UID PID PPID C STIME TTY TIME CMD'],
        [['-e', '-f', '--sort=-pid'], 'UID PID PPID C STIME TTY TIME CMD'],
        [['aux'], 'USER PID %CPU %MEM VSZ RSS TTY STAT START TIME COMMAND'],
        [['-o', 'pid,cmd'], 'PID CMD'],
        [['-o', 'pid', '-o', 'cmd'], 'PID CMD'],
        [['-o pid,args'], 'PID COMMAND'],
        [['-opid,comm'], 'PID COMMAND'],
        [['o', 'pid,cmd'], 'PID CMD'],
        [['axo', 'user,pid,args'], 'USER PID COMMAND'],
        [['-e', '--format=pid,stat,args'], 'PID STAT COMMAND'],
        [['-o', 'ppid=PARENT,pid,cmd'], 'PARENT PID CMD'],
        [['axf'], 'PID TTY STAT TIME COMMAND'],
        [['-eLf'], 'UID PID PPID LWP C NLWP STIME TTY TIME CMD'],
      ] as const) {
        const [head = '', ...lines] = await table(...psArguments);
        assert.equal(head.trim().split(/\s+/).join(' '), titles);
        assert.equal(lines.filter((line) => line.includes('sleep')).length, 2, psArguments.join(' '));
        assert.equal(lines.length, 2, 'nobody else’s processes');
      }
    });

    test('refuses what would mislead it, and tells what ps says no to', async () => {
      for (const [psArguments, refusal] of [
        [['-o', 'cmd'], "Couldn't find PID field in ps output"],
        [['-o', 'pid=,cmd'], "Couldn't find PID field in ps output"],
        [['-o', 'cmd,pid=PID'], 'specifying "cmd,pid=PID" is not allowed'],
        [['-o', 'user=PID,cmd'], 'specifying "user=PID,cmd" is not allowed'],
        [['-nosuch'], 'ps: error: unsupported SysV option'],
      ] as const) {
        const refused = await call('top', name, ...psArguments);
        assert.equal(refused.exitCode, 1, psArguments.join(' '));
        assert.match(refused.stderr, new RegExp(`^Error response from daemon: ${RegExp.escape(refusal)}\n$`));
      }
    });

    test('of a container that does not run, or is none, is refused', async () => {
      await daemon.ok('rm', '-f', name);
      assert.match((await call('top', name)).stderr, /No such container/);
      await daemon.ok('create', '--name', name, ...isolated, image, 'true');
      assert.match((await call('top', name)).stderr, /is not running/);
      await daemon.ok('rm', name);
    });
  });

  describe(`${program} run --init`, () => {
    const name = `init-${program}`;
    /** Leaves a process behind whose parent has ended, and goes on as a program that waits for nobody; then the other ends. */
    const orphan = 'until grep -q sleep /proc/$1/comm; do :; done';
    const careless = ['sh', '-c', `(sh -c '${orphan}' orphan $$ &); exec sleep 1000`];
    /** As the container sees them: a zombie is in no cgroup. */
    const states = async (): Promise<string> => await daemon.ok('exec', name, 'ps', '-o', 'stat,comm');

    test('reaps the processes that others left, which a container without it keeps as zombies', async () => {
      await daemon.ok('run', '-d', '--name', name, ...isolated, image, ...careless);
      await until('a zombie', async () => /^Z\s+sh$/m.test(await states()));
      await daemon.ok('rm', '-f', name);
      await daemon.ok('run', '-d', '--init', '--name', name, ...isolated, image, ...careless);
      const reaped = /^STAT.*\nS\s+docker-init\nS\s+sleep\nR\s+ps$/;
      await until('it has gone', async () => reaped.test(await states()));
      await daemon.ok('rm', '-f', name);
    });

    test('hands signals on, and the exit code back', async () => {
      const script = 'trap "exit 9" USR1; echo ready; while :; do sleep 1000 & wait $!; done';
      await daemon.ok('run', '-d', '--init', '--name', name, ...isolated, image, 'sh', '-c', script);
      await until('it is ready', async () => (await daemon.ok('logs', name)) === 'ready');
      await daemon.ok('kill', '-s', 'USR1', name);
      assert.equal(await daemon.ok('wait', name), '9');
      await daemon.ok('rm', name);
      // The first process of a container ignores what it does not handle; a child of init does not.
      await daemon.ok('run', '-d', '--init', '--name', name, ...isolated, image, 'sleep', '1000');
      await daemon.ok('stop', name);
      assert.equal(await daemon.ok('inspect', '-f', '{{.State.ExitCode}}', name), '143');
      await daemon.ok('rm', name);
    });
  });

  describe(`${program}: exit codes`, () => {
    const exitCode = async (...args: string[]): Promise<number> =>
      (await call('run', '--rm', ...isolated, ...args)).exitCode;

    test('of run are the container’s, or say why there is none', async () => {
      assert.equal(await exitCode('--no-such-flag', image), 125);
      assert.equal(await exitCode('--memory', '1k', image, 'true'), 125);
      assert.equal(await exitCode(image, '/etc'), 126);
      assert.equal(await exitCode(image, '/etc/passwd'), 126);
      assert.equal(await exitCode(image, 'no-such-command'), 127);
      assert.equal(await exitCode(image, '/no/such/file'), 127);
      assert.equal(await exitCode(image, 'sh', '-c', 'exit 77'), 77);
      assert.equal(await exitCode('--init', image, 'sh', '-c', 'kill -KILL $$'), 137);
      assert.equal(await exitCode('--init', image, 'sh', '-c', 'kill $$'), 143);
    });
  });
}

if (peer === undefined) {
  test('gantryd: init for all containers, and by a program of its own', async () => {
    await using own = await TestDaemon.start(['--init', '--init-path', '/bin/busybox']);
    await loadBusybox(own);
    assert.equal(await own.ok('info', '-f', '{{.InitBinary}}'), '/bin/busybox');
    // busybox takes the name it is called by for what to do: docker-init is none of its words.
    assert.match(
      (await own.gantry(['run', '--rm', ...isolated, image, 'true'])).stderr,
      /docker-init: applet not found/,
    );
    assert.equal((await own.gantry(['run', '--rm', '--init=false', ...isolated, image, 'true'])).exitCode, 0);
    await own.end('SIGTERM');
    await own.restart(['--init-path', '/bin/ls']);
    const refused = await own.gantry(['run', '--rm', '--init', ...isolated, image, 'true']);
    assert.equal(refused.exitCode, 125);
    assert.match(
      refused.stderr,
      /--init needs an init program on this host: \/bin\/ls is linked dynamically/,
    );
    await own.end('SIGTERM');
    await own.restart(['--init-path', '/no/init']);
    assert.match(
      (await own.gantry(['create', '--init', ...isolated, image, 'true'])).stderr,
      /--init needs an init program on this host: \/no\/init is no program that can be run/,
    );
  });
}
