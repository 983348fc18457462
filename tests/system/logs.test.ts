import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { createServer as createTlsServer } from 'node:tls';
import { gunzipSync } from 'node:zlib';
import {
  type LogReceiver,
  receiveDatagrams,
  receiveStream,
  receiveUnixDatagrams,
} from '@gantry/containers/testing';
import { TestAuthority } from '@gantry/testkit';
import { loadBusybox } from '../support/busybox-image.ts';
import type { Finished } from '../support/processes.ts';
import { peer, programs, TestDaemon } from '../support/test-daemon.ts';

const image = 'mirror/busybox';
let daemon: TestDaemon;

before(async () => {
  // A /run of the test's own, without the host's journald.
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'mode=755', 'tmpfs', '/run']);
  daemon = await TestDaemon.start(['--log-opt', 'max-size=1m', '--log-opt', 'labels=by.default']);
  await loadBusybox(daemon);
});
after(() => daemon[Symbol.asyncDispose]());

const whole = (receiver: LogReceiver): string => Buffer.concat(receiver.received).toString();

/** Everything here is true of our CLI and of the docker CLI alike, and was true of dockerd first. */
for (const program of programs) {
  const call = (...args: string[]): Promise<Finished> => daemon[program](args);
  const ok = async (...args: string[]): Promise<string> => {
    const { exitCode, stdout, stderr } = await call(...args);
    assert.equal(exitCode, 0, `${args.join(' ')}: ${stderr}`);
    return stdout.trimEnd();
  };
  /** Runs a script to its end, and keeps the container. */
  const log = async (name: string, flags: string[], script: string): Promise<string> => {
    await ok('run', '--name', `${name}-${program}`, '--network', 'none', ...flags, image, 'sh', '-c', script);
    return `${name}-${program}`;
  };

  describe(`${program} logs`, () => {
    test('gives the last lines, those since and until a moment, their times, and each stream apart', async () => {
      const name = await log('plain', [], 'for i in $(seq 20); do echo out $i; done');
      const everything = await call('logs', name);
      assert.equal(everything.stdout.split('\n').length, 21);
      assert.equal((await call('logs', '-n', '2', name)).stdout, 'out 19\nout 20\n');
      assert.equal((await call('logs', '--tail', 'all', '--since', '1h', name)).stdout, everything.stdout);
      assert.equal((await call('logs', '--since', '1h30m', '--until', '1h', name)).stdout, '');
      assert.equal((await call('logs', '--until', '1h0m0.5s', name)).stdout, '');
      const stamped = (await call('logs', '-t', '--tail', '1', name)).stdout.trimEnd();
      const [time = '', text] = stamped.split(/ (.*)/s);
      assert.match(time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$/);
      assert.equal(text, 'out 20');
      const from = await call('logs', '--since', time, name);
      assert.match(from.stdout, /out 20\n$/);
      const apart = await call('logs', await log('apart', [], 'echo out; echo err >&2'));
      assert.deepEqual([apart.stdout, apart.stderr], ['out\n', 'err\n']);
    });

    test('shows labels, environment and tag with --details, and keeps them with each line', async () => {
      const options = ['labels=x,y', 'env=A', 'env-regex=^B', 'tag={{.Name}}/{{.ImageName}}'];
      const flags = options.flatMap((option) => ['--log-opt', option]);
      const name = await log('detailed', [...flags, '-l', 'x=1 2', '-e', 'A=a', '-e', 'BC=b'], 'echo hello');
      const tag = `tag=${name}%2F${image.replace('/', '%2F')}`;
      assert.equal(await ok('logs', '--details', name), `A=a,BC=b,${tag},x=1+2 hello`);
    });

    test('the daemon’s options are those of a container that says nothing, and its own come before', async () => {
      const name = await log('default', ['-l', 'by.default=yes', '--log-opt', 'max-file=2'], 'echo hello');
      assert.equal(await ok('logs', '--details', name), 'by.default=yes hello');
      const config = await ok('inspect', '-f', '{{json .HostConfig.LogConfig}}', name);
      assert.deepEqual(JSON.parse(config), {
        Type: 'json-file',
        Config: { 'max-size': '1m', 'max-file': '2', labels: 'by.default' },
      });
    });

    test('follows a container over rotation and loses no line that is still there', async () => {
      const flags = ['--log-opt', 'max-size=20k', '--log-opt', 'max-file=50'];
      const script = 'for i in $(seq 3000); do echo line $i; done';
      const id = await ok('run', '-d', '--network', 'none', ...flags, image, 'sh', '-c', script);
      const followed = await ok('logs', '-f', id);
      const expected = Array.from({ length: 3000 }, (_, index) => `line ${index + 1}`).join('\n');
      assert.equal(followed, expected);
    });

    test('the driver local keeps a compressed log that can be read', async () => {
      const options = ['max-size=20k', 'max-file=3', 'compress=true'];
      const flags = ['--log-driver', 'local', ...options.flatMap((option) => ['--log-opt', option])];
      const name = await log('local', flags, 'for i in $(seq 3000); do echo line $i; done');
      assert.equal(await ok('logs', '-n', '2', name), 'line 2999\nline 3000');
      assert.match(await ok('logs', name), /line 2990\n.*line 3000$/s);
      assert.equal(await ok('inspect', '-f', '{{.LogPath}}', name), '');
    });

    test('the driver none prints to the client and refuses to be read', async () => {
      const finished = await call(
        'run',
        '--log-driver',
        'none',
        '--name',
        `none-${program}`,
        image,
        'echo',
        'hi',
      );
      assert.equal(finished.stdout, 'hi\n');
      const { exitCode, stderr } = await call('logs', `none-${program}`);
      assert.equal(exitCode, 1);
      assert.match(stderr, /configured logging driver does not support reading/);
    });

    test('mode=non-blocking takes a buffer, and keeps what a disk that is there takes', async () => {
      const options = ['mode=non-blocking', 'max-buffer-size=4m'];
      const name = await log(
        'unblocked',
        options.flatMap((option) => ['--log-opt', option]),
        'seq 2000',
      );
      assert.equal((await ok('logs', name)).split('\n').length, 2000);
    });

    test('an option that a driver does not know is refused', async () => {
      const { exitCode, stderr } = await call('run', '--rm', '--log-opt', 'bogus=1', image, 'true');
      assert.equal(exitCode, 125);
      assert.match(stderr, /unknown log opt 'bogus' for json-file log driver/);
    });

    test('syslog, gelf and fluentd receivers get the lines, and docker logs reads the cache', async () => {
      await using stream = await receiveStream();
      await using datagrams = await receiveDatagrams();
      await using forward = await receiveStream();
      const address = { syslog: `tcp://127.0.0.1:${stream.port}`, gelf: `udp://127.0.0.1:${datagrams.port}` };
      const drivers: Record<string, string[]> = {
        syslog: [`syslog-address=${address.syslog}`, 'syslog-format=rfc5424micro', 'syslog-facility=local1'],
        gelf: [`gelf-address=${address.gelf}`],
        fluentd: [`fluentd-address=127.0.0.1:${forward.port}`],
      };
      for (const [driver, options] of Object.entries(drivers)) {
        const tagged = [...options, 'tag=t/{{.Name}}'].flatMap((option) => ['--log-opt', option]);
        const name = await log(driver, ['--log-driver', driver, ...tagged], `echo by ${driver}`);
        assert.equal(await ok('logs', name), `by ${driver}`);
      }
      await stream.until(() => whole(stream).includes('by syslog\n'));
      assert.match(
        whole(stream),
        new RegExp(
          `^<142>1 \\S+\\.\\d{6}\\S+ \\S+ t/syslog-${program} \\d+ t/syslog-${program} - by syslog\n`,
        ),
      );
      const [datagram = Buffer.alloc(0)] = await datagrams.until(({ length }) => length > 0);
      const message = JSON.parse(gunzipSync(datagram).toString()) as Record<string, unknown>;
      assert.deepEqual([message['short_message'], message['_tag']], ['by gelf', `t/gelf-${program}`]);
      await forward.until(() => whole(forward).includes('by fluentd'));
      assert.ok(whole(forward).includes(`t/fluentd-${program}`));
    });

    test('syslog over TLS trusts the authority that it was given', async () => {
      const authority = new TestAuthority('Gantry test');
      const file = path.join(daemon.root, `ca-${program}.pem`);
      writeFileSync(file, authority.cert);
      await using receiver = await receiveStream(0, () => {}, createTlsServer(authority.issue('localhost')));
      const options = [
        `syslog-address=tcp+tls://localhost:${receiver.port}`,
        `syslog-tls-ca-cert=${file}`,
        'syslog-format=rfc5424',
      ];
      const flags = ['--log-driver', 'syslog', ...options.flatMap((option) => ['--log-opt', option])];
      await log('tls', flags, 'echo in secret');
      await receiver.until(() => whole(receiver).includes('in secret\n'));
      assert.match(whole(receiver), /^\d+ <30>1 .* - in secret\n/);
    });

    test('journald gets the lines where it is, and is refused where it is not', async () => {
      const flags = ['--log-driver', 'journald', '--log-opt', 'tag=j-{{.Name}}'];
      const refused = await call('run', '--rm', ...flags, image, 'true');
      assert.equal(refused.exitCode, 125);
      assert.match(refused.stderr, /journald is not enabled on this host/);
      const directory = `/run/systemd/journal`;
      mkdirSync(directory, { recursive: true });
      await using receiver = receiveUnixDatagrams(`${directory}/socket`);
      const name = await log('journald', flags, 'echo to the journal');
      await receiver.until(() => whole(receiver).includes('to the journal'));
      assert.match(whole(receiver), new RegExp(`SYSLOG_IDENTIFIER=j-${name}\n`));
      assert.match(whole(receiver), new RegExp(`CONTAINER_NAME=${name}\n`));
      execFileSync('rm', ['-r', '/run/systemd']);
    });
  });
}

describe('a receiver of logs that is away', { skip: peer !== undefined }, () => {
  test('neither stops nor blocks a container or the engine, and gets everything when it comes', async () => {
    const socket = path.join(daemon.root, 'fluentd.sock');
    const options = [`fluentd-address=unix://${socket}`, 'fluentd-retry-wait=100ms'];
    const flags = ['--log-driver', 'fluentd', ...options.flatMap((option) => ['--log-opt', option])];
    const script = 'for i in $(seq 20000); do echo line $i; done';
    const id = await daemon.ok('run', '-d', '--network', 'none', ...flags, image, 'sh', '-c', script);
    assert.equal(await daemon.ok('wait', id), '0');
    assert.equal(await daemon.ok('logs', '-n', '1', id), 'line 20000');
    await daemon.end('SIGKILL');
    await daemon.restart();
    await using receiver = await receiveStream(socket);
    await receiver.until(() => whole(receiver).includes('line 20000'));
    for (const index of [1, 2, 9999, 19_999])
      assert.ok(whole(receiver).includes(`line ${index}`), String(index));
  });

  test('is not waited for when its container is removed', async () => {
    const flags = ['--log-driver', 'syslog', '--log-opt', 'syslog-address=tcp://127.0.0.1:1'];
    assert.equal(await daemon.ok('run', '--rm', ...flags, image, 'echo', 'unheard'), 'unheard');
  });

  test('with cache-disabled nothing is kept that docker logs could read', async () => {
    await using receiver = await receiveStream();
    const options = [`syslog-address=tcp://127.0.0.1:${receiver.port}`, 'cache-disabled=true'];
    const flags = ['--log-driver', 'syslog', ...options.flatMap((option) => ['--log-opt', option])];
    const id = await daemon.ok('run', '-d', ...flags, image, 'echo', 'only there');
    await receiver.until(() => whole(receiver).includes('only there\n'));
    const { stderr } = await daemon.gantry(['logs', id]);
    assert.match(stderr, /configured logging driver does not support reading/);
  });
});
