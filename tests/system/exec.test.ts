import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { createExec, inspectExec, startExec, startExecDetached } from '@gantry/client';
import { loadBusybox } from '../support/busybox-image.ts';
import { needsDocker28 } from '../support/docker-version.ts';
import { isAlive } from '../support/footprint.ts';
import { type Finished, type RunOptions, run } from '../support/processes.ts';
import { peer, programs, TestDaemon } from '../support/test-daemon.ts';
import { until } from '../support/until.ts';

const image = 'mirror/busybox';
/** Docker says so from version 23 on. */
const notFound = peer === undefined ? 127 : 126;
let daemon: TestDaemon;
let box: string;

before(async () => {
  daemon = await TestDaemon.start();
  await loadBusybox(daemon);
  box = await daemon.ok('run', '-d', '--name', 'box', '-e', 'FROM=container', image, 'sleep', '1000');
});
after(() => daemon[Symbol.asyncDispose]());

/** Everything here is true of our CLI and of the docker CLI alike. */
for (const program of programs) {
  const exec = (args: string[], options?: RunOptions): Promise<Finished> =>
    daemon[program](['exec', ...args], options);
  const output = async (...args: string[]): Promise<string> => {
    const finished = await exec(args);
    assert.equal(finished.exitCode, 0, finished.stderr);
    return finished.stdout.trimEnd();
  };

  describe(`${program} exec`, () => {
    test('takes user, groups, environment, working directory and privileges', async () => {
      assert.equal(await output('-u', '12:34', 'box', 'sh', '-c', 'id -u; id -g'), '12\n34');
      assert.equal(await output('-e', 'OWN=exec', 'box', 'sh', '-c', 'echo $FROM $OWN'), 'container exec');
      assert.equal(await output('-e', 'FROM=exec', 'box', 'sh', '-c', 'echo $FROM'), 'exec');
      assert.equal(await output('-w', '/etc', 'box', 'pwd'), '/etc');
      const bounding = ['box', 'grep', 'CapBnd', '/proc/self/status'];
      assert.notEqual(await output('--privileged', ...bounding), await output(...bounding));
    });

    test('gives input with -i and its end, and none without', async () => {
      assert.equal(
        (await exec(['-i', 'box', 'wc', '-c'], { stdin: 'x'.repeat(200_000) })).stdout.trim(),
        '200000',
      );
      assert.equal((await exec(['box', 'wc', '-c'], { stdin: 'unseen' })).stdout.trim(), '0');
    });

    test('keeps the streams apart and exits with the process’s code, 126 and 127 where there is none', async () => {
      const both = await exec(['box', 'sh', '-c', 'echo out; echo err >&2; exit 9']);
      assert.deepEqual([both.exitCode, both.stdout, both.stderr], [9, 'out\n', 'err\n']);
      assert.equal((await exec(['box', 'sh', '-c', 'kill -KILL $$'])).exitCode, 137);
      assert.equal((await exec(['box', 'no-such-command'])).exitCode, notFound);
      assert.equal((await exec(['box', '/etc'])).exitCode, 126);
      assert.equal((await exec(['-w', '/nowhere/at/all', 'box', 'true'])).exitCode, notFound);
      const user = await exec(['-u', 'nobody-here', 'box', 'true']);
      assert.match(user.stderr + user.stdout, /unable to find user nobody-here/);
    });

    test('-d returns at once and the process goes on; a signal name that is none is refused', async () => {
      const name = `/detached-${program}`;
      assert.equal(await output('-d', 'box', 'sh', '-c', `sleep 0.2; echo done >${name}`), '');
      await until('it is done', async () => (await exec(['box', 'grep', 'done', name])).exitCode === 0);
      const keys = await exec(['-t', '--detach-keys', 'ctrl-nowhere', 'box', 'true']);
      assert.notEqual(keys.exitCode, 0);
    });

    test('into a container that does not run, or is paused, is refused', async () => {
      const name = `still-${program}`;
      await daemon.ok('create', '--name', name, image, 'sleep', '1000');
      const stopped = await exec([name, 'true']);
      assert.equal(stopped.exitCode, 1);
      assert.match(stopped.stderr, /is not running/);
      await daemon.ok('start', name);
      await daemon.ok('pause', name);
      const paused = await exec([name, 'true']);
      assert.equal(paused.exitCode, 1);
      assert.match(paused.stderr, /is paused, unpause the container before exec/i);
      await daemon.ok('unpause', name);
      await daemon.ok('rm', '-f', name);
      assert.match((await exec(['nobody', 'true'])).stderr, /No such container: nobody/);
    });

    test('-t gives a terminal of the client’s size', needsDocker28(program), async () => {
      // The OCI runtime starts the process a moment before the terminal has its size.
      const sized = 'until stty size 2>/dev/null | grep .; do sleep 0.01; done';
      const command = `stty rows 33 cols 77; exec ${cliOf(program)} exec -t box sh -c '${sized}'`;
      assert.equal((await underTerminal(command)).trim(), '33 77');
    });
  });
}

/** The program's command line for a shell. */
function cliOf(program: 'gantry' | 'docker'): string {
  return daemon
    .commandLine(program)
    .map((word) => `'${word}'`)
    .join(' ');
}

/** Runs a shell command in a terminal of its own (script(1)) and returns what it printed there. */
async function underTerminal(command: string): Promise<string> {
  const finished = await run('script', ['-qec', command, '/dev/null']);
  assert.equal(finished.exitCode, 0, finished.stdout);
  return finished.stdout;
}

if (peer === undefined) {
  describe('an exec under a killed engine', () => {
    test('goes on, keeps what it prints for a further start, and tells its exit code', async () => {
      const script = 'echo before; while [ ! -e /go ]; do sleep 0.02; done; echo after; exit 6';
      const id = await createExec(daemon.api, box, {
        Cmd: ['sh', '-c', script],
        AttachStdout: true,
        AttachStderr: true,
      });
      await startExecDetached(daemon.api, id);
      const { Pid: pid } = await inspectExec(daemon.api, id);
      await daemon.end('SIGKILL');
      await daemon.restart();
      const found = await inspectExec(daemon.api, id);
      assert.deepEqual([found.Running, found.Pid], [true, pid]);
      using stream = await startExec(daemon.api, id, {});
      await daemon.ok('exec', 'box', 'touch', '/go');
      const chunks: Uint8Array[] = [];
      for await (const chunk of stream) chunks.push(chunk);
      assert.match(Buffer.concat(chunks).toString(), /after\n$/);
      assert.equal((await inspectExec(daemon.api, id)).ExitCode, 6);
    });

    test('that ended while no engine ran has its output and its exit code', async () => {
      const script = 'while [ ! -e /end ]; do sleep 0.02; done; echo last words; exit 7';
      const id = await createExec(daemon.api, box, { Cmd: ['sh', '-c', script], AttachStdout: true });
      const gone = await createExec(daemon.api, box, { Cmd: ['sh', '-c', 'sleep 0.3; touch /end'] });
      await startExecDetached(daemon.api, id);
      await startExecDetached(daemon.api, gone);
      const { Pid: pid } = await inspectExec(daemon.api, id);
      await daemon.end('SIGKILL');
      await until('it has ended', () => !isAlive(pid ?? 0));
      await daemon.restart();
      await until('its end is told', async () => (await inspectExec(daemon.api, id)).Running === false);
      assert.equal((await inspectExec(daemon.api, id)).ExitCode, 7);
      using stream = await startExec(daemon.api, id, {});
      const chunks: Uint8Array[] = [];
      for await (const chunk of stream) chunks.push(chunk);
      assert.match(Buffer.concat(chunks).toString(), /last words\n$/);
    });

    test('with a terminal keeps it', async () => {
      const id = await createExec(daemon.api, box, {
        Cmd: ['cat'],
        Tty: true,
        AttachStdin: true,
        AttachStdout: true,
      });
      const first = await startExec(daemon.api, id, { Tty: true });
      await until('it runs', async () => (await inspectExec(daemon.api, id)).Running === true);
      await daemon.end('SIGKILL');
      first[Symbol.dispose]();
      await daemon.restart();
      assert.equal((await inspectExec(daemon.api, id)).Running, true);
      using stream = await startExec(daemon.api, id, { Tty: true });
      await stream.write(Buffer.from('typed\n\x04'));
      const chunks: Uint8Array[] = [];
      for await (const chunk of stream) chunks.push(chunk);
      assert.match(Buffer.concat(chunks).toString(), /typed\r\n/);
      assert.equal((await inspectExec(daemon.api, id)).ExitCode, 0);
    });
  });
}
