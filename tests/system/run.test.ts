import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { RawConnection } from '@gantry/http-api/testing';
import { loadBusybox } from '../support/busybox-image.ts';
import { type Finished, type RunOptions, run } from '../support/processes.ts';
import { programs, TestDaemon } from '../support/test-daemon.ts';
import { until } from '../support/until.ts';

let daemon: TestDaemon;
before(async () => {
  daemon = await TestDaemon.start();
  await loadBusybox(daemon);
});
after(() => daemon[Symbol.asyncDispose]());

const image = 'mirror/busybox';

/** Everything here is true of our CLI and of the docker CLI alike. */
for (const program of programs) {
  const call = (args: string[], options?: RunOptions): Promise<Finished> => daemon[program](args, options);
  const output = async (...args: string[]): Promise<string> => {
    const finished = await call(['run', '--rm', ...args]);
    assert.equal(finished.exitCode, 0, finished.stderr);
    return finished.stdout;
  };

  describe(`${program} run`, () => {
    test('prints what the container prints, each stream apart', async () => {
      const finished = await call(['run', '--rm', image, 'sh', '-c', 'echo out; echo err >&2']);
      assert.deepEqual([finished.exitCode, finished.stdout, finished.stderr], [0, 'out\n', 'err\n']);
    });

    test('exits with the container’s code', async () => {
      assert.equal((await call(['run', '--rm', image, 'sh', '-c', 'exit 42'])).exitCode, 42);
      assert.equal((await call(['run', '--rm', '--init', image, 'sh', '-c', 'kill -TERM $$'])).exitCode, 143);
    });

    test('gives standard input to the container with -i, and its end', async () => {
      const finished = await call(['run', '--rm', '-i', image, 'wc', '-c'], { stdin: 'x'.repeat(300_000) });
      assert.equal(finished.stdout.trim(), '300000');
    });

    test('a container without -i has an empty standard input', async () => {
      assert.equal((await call(['run', '--rm', image, 'cat'], { stdin: 'unseen' })).stdout, '');
    });

    test('a command that does not exist gives 127, one that is not executable 126', async () => {
      const missing = await call(['run', '--rm', image, 'no-such-command']);
      assert.equal(missing.exitCode, 127);
      assert.match(missing.stderr, /no-such-command/);
      const directory = await call(['run', '--rm', image, '/etc']);
      assert.equal(directory.exitCode, 126, directory.stderr);
    });

    test('an engine error gives 125 and says what is wrong', async () => {
      const user = await call(['run', '--rm', '-u', 'nobody-here', image, 'true']);
      assert.notEqual(user.exitCode, 0);
      assert.match(user.stderr, /unable to find user nobody-here/);
      const flag = await call(['run', '--rm', '--no-such-flag', image]);
      assert.equal(flag.exitCode, 125);
    });

    test('environment, working directory, user, hostname and entrypoint are as asked', async () => {
      const folder = mkdtempSync('/tmp/gantry-env-');
      writeFileSync(path.join(folder, 'env'), '# comment\nFROM_FILE=f f\n');
      const text = await output(
        '-e',
        'A=1',
        '-e',
        'B=two words',
        '--env-file',
        path.join(folder, 'env'),
        '-w',
        '/some/where',
        '-u',
        '1234:5678',
        '--hostname',
        'box',
        '--entrypoint',
        '/bin/sh',
        image,
        '-c',
        'echo "$A|$B|$FROM_FILE|$PWD|$(id -u):$(id -g)|$(hostname)"',
      );
      rmSync(folder, { recursive: true });
      assert.equal(text, '1|two words|f f|/some/where|1234:5678|box\n');
    });

    test('bind mounts, named volumes, tmpfs and a read-only root file system', async () => {
      const folder = mkdtempSync('/tmp/gantry-bind-');
      writeFileSync(path.join(folder, 'in'), 'from the host');
      const volume = `data-${program}`;
      const script =
        'cat /bind/in; echo kept > /vol/file; touch /bind/x 2>&1; touch /x 2>&1; touch /tmp2/ok && echo; df -m /tmp2 | tail -1';
      const first = await output(
        '-v',
        `${folder}:/bind:ro`,
        '-v',
        `${volume}:/vol`,
        '--tmpfs',
        '/tmp2:size=3m',
        '--read-only',
        image,
        'sh',
        '-c',
        `${script}; true`,
      );
      rmSync(folder, { recursive: true });
      assert.match(first, /^from the host/);
      assert.equal(first.match(/Read-only file system/g)?.length, 2);
      assert.match(first, /tmpfs\s+3\b/);
      assert.equal(await output('-v', `${volume}:/vol`, image, 'cat', '/vol/file'), 'kept\n');
    });

    test('capabilities, privileges and limits are as asked, and Docker’s by default', async () => {
      const effective = async (...flags: string[]): Promise<string> =>
        (await output(...flags, image, 'grep', 'CapEff', '/proc/self/status')).split(/\s+/)[1] ?? '';
      assert.equal(await effective(), '00000000a80425fb');
      assert.equal(await effective('--cap-drop', 'ALL'), '0000000000000000');
      assert.equal(await effective('--cap-drop', 'ALL', '--cap-add', 'NET_ADMIN'), '0000000000001000');
      assert.equal(
        await output('--ulimit', 'nofile=64:128', image, 'sh', '-c', 'ulimit -n; ulimit -Hn'),
        '64\n128\n',
      );
      const plain = await call(['run', '--rm', image, 'mount', '-t', 'tmpfs', 'x', '/tmp']);
      assert.notEqual(plain.exitCode, 0);
    });

    test('memory, cpu and pids limits are in the cgroup', async () => {
      const text = await output(
        '--memory',
        '64m',
        '--cpus',
        '0.5',
        '--pids-limit',
        '33',
        image,
        'sh',
        '-c',
        'cd /sys/fs/cgroup; cat memory/memory.limit_in_bytes cpu/cpu.cfs_quota_us pids/pids.max 2>/dev/null || cat memory.max cpu.max pids.max',
      );
      assert.match(text, /^67108864\n50000( 100000)?\n33\n$/);
    });

    test('--init puts an init process before the command', async () => {
      assert.match(
        await output('--init', image, 'sh', '-c', 'ps -o pid,comm | head -2; true'),
        /1 (docker-init|catatonit|tini)/,
      );
    });
  });

  describe(`${program} with a container in the background`, () => {
    test('ps, logs, exec, top, port, inspect, stop, start, restart and rm agree about it', async () => {
      const name = `bg-${program}`;
      const id = (
        await call([
          'run',
          '-d',
          '--name',
          name,
          '-l',
          'kind=test',
          image,
          'sh',
          '-c',
          'echo ready; exec sleep 1000',
        ])
      ).stdout.trim();
      assert.match(id, /^[0-9a-f]{64}$/);
      assert.match(
        (await call(['ps', '--filter', 'label=kind=test', '--format', '{{.Names}} {{.State}}'])).stdout,
        new RegExp(`${name} running`),
      );
      await until(
        'it is ready',
        async () => (await call(['logs', '--tail', '1', name])).stdout === 'ready\n',
      );
      assert.equal(
        (await call(['exec', '-e', 'A=b', '-w', '/etc', name, 'sh', '-c', 'echo $A $PWD; exit 7'])).exitCode,
        7,
      );
      assert.match((await call(['top', name])).stdout, /sleep 1000/);
      assert.equal(
        (await call(['inspect', '-f', '{{.State.Status}} {{.Config.Labels.kind}}', name])).stdout,
        'running test\n',
      );
      assert.equal((await call(['pause', name])).exitCode, 0);
      assert.notEqual((await call(['exec', name, 'true'])).exitCode, 0);
      assert.equal((await call(['unpause', name])).exitCode, 0);
      const refused = await call(['rm', name]);
      assert.match(refused.stderr, /running container|container is running/);
      assert.equal((await call(['stop', '-t', '1', name])).exitCode, 0);
      assert.equal((await call(['inspect', '-f', '{{.State.ExitCode}}', name])).stdout, '137\n');
      assert.equal((await call(['start', name])).exitCode, 0);
      const logged = async (ref: string, text: string): Promise<void> =>
        await until(`the log is ${text}`, async () => (await call(['logs', ref])).stdout === text);
      await logged(name, 'ready\nready\n');
      assert.equal((await call(['rename', name, `${name}-2`])).exitCode, 0);
      assert.equal((await call(['restart', '-t', '0', `${name}-2`])).exitCode, 0);
      await logged(`${name}-2`, 'ready\nready\nready\n');
      assert.equal((await call(['rm', '-f', `${name}-2`])).exitCode, 0);
      assert.equal((await call(['ps', '-aq', '--filter', `name=${name}`])).stdout, '');
    });

    test('a name that is taken is refused with both names', async () => {
      await call(['create', '--name', `taken-${program}`, image, 'true']);
      const second = await call(['create', '--name', `taken-${program}`, image, 'true']);
      assert.match(
        second.stderr,
        /Conflict\. The container name "\/taken-.*" is already in use by container "[0-9a-f]{64}"/,
      );
      await call(['rm', `taken-${program}`]);
    });

    test('wait gives the exit code, and --rm removes the container', async () => {
      const id = (await call(['run', '-d', '--rm', image, 'sh', '-c', 'sleep 2; exit 5'])).stdout.trim();
      assert.equal((await call(['wait', id])).stdout.trim(), '5');
      // The exit is told before the removal.
      await until('the container is removed', async () => (await call(['inspect', id])).exitCode !== 0);
    });

    test('a terminal is a terminal', async () => {
      const script = `script -qec "${program === 'docker' ? 'docker' : `${process.execPath} dist/gantry.js`} -H unix://${daemon.socketPath} run --rm -it ${image} sh -c 'stty size; tty; test -t 0 && echo yes'" /dev/null`;
      const finished = await run('sh', ['-c', `stty rows 33 cols 77 2>/dev/null; ${script}`]);
      assert.match(finished.stdout, /\/dev\/pts\/0|\/dev\/console/);
      assert.match(finished.stdout, /yes/);
    });
  });
}

test('the log file is Docker’s json-file', async () => {
  const id = await daemon.ok('run', '-d', image, 'echo', 'hello');
  await daemon.ok('wait', id);
  const file = await daemon.ok('inspect', '-f', '{{.LogPath}}', id);
  const record = JSON.parse(readFileSync(file, 'utf8').trim()) as Record<string, string>;
  assert.deepEqual([record['log'], record['stream']], ['hello\n', 'stdout']);
  assert.match(record['time'] ?? '', /^\d{4}-\d\d-\d\dT.*Z$/);
  await daemon.ok('rm', id);
});

test('attach by WebSocket gives output in frames and takes input', async () => {
  const id = await daemon.ok('create', '-i', image, 'sh', '-c', 'read word; echo got $word');
  using connection = new RawConnection(daemon.socketPath);
  const key = 'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n';
  connection.write(
    `GET /v1.41/containers/${id}/attach/ws?stream=1&stdin=1&stdout=1&stderr=1 HTTP/1.1\r\nHost: localhost\r\n` +
      `Origin: http://localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n${key}\r\n`,
  );
  await connection.until('s3pPLMBiTxaQ9kYGzzhZRbK+xOo=');
  await daemon.ok('start', id);
  // A masked text frame; the mask is zero.
  connection.write(Buffer.from([0x81, 0x80 | 5, 0, 0, 0, 0, ...Buffer.from('word\n')]));
  await connection.until('got word\n');
  const received = connection.received;
  const at = received.indexOf('got word\n');
  assert.deepEqual([received[at - 2], received[at - 1]], [0x82, 9]);
  await daemon.ok('rm', '-f', id);
});
