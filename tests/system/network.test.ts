import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { temporaryRoot } from '@gantry/testkit';
import { loadBusybox } from '../support/busybox-image.ts';
import { run } from '../support/processes.ts';
import { repositoryRoot, TestDaemon } from '../support/test-daemon.ts';

const image = 'mirror/busybox';
const serve = 'echo page > /index.html; exec httpd -f -h /';
let daemon: TestDaemon;

before(async () => {
  daemon = await TestDaemon.start();
  await loadBusybox(daemon);
});
after(() => daemon[Symbol.asyncDispose]());

async function page(address: string): Promise<string> {
  return (await fetch(`http://${address}/`)).text();
}

async function serverOn(...flags: string[]): Promise<string> {
  const id = await daemon.ok('run', '-d', ...flags, image, 'sh', '-c', serve);
  for (;;) {
    const listening = await daemon.gantry(['exec', id, 'sh', '-c', 'netstat -ltn | grep -q :80']);
    if (listening.exitCode === 0) return id;
  }
}

describe('a published port', () => {
  test('is reached on the host’s addresses, on 127.0.0.1 and from other containers', async () => {
    const id = await serverOn('-p', '8080:80');
    assert.equal(await page('127.0.0.1:8080'), 'page\n');
    const gateway = await daemon.ok('inspect', '-f', '{{.NetworkSettings.Networks.bridge.Gateway}}', id);
    assert.equal(await page(`${gateway}:8080`), 'page\n');
    assert.equal(await daemon.ok('run', '--rm', image, 'wget', '-qO-', `http://${gateway}:8080/`), 'page');
    const own = await daemon.ok('inspect', '-f', '{{.NetworkSettings.Networks.bridge.IPAddress}}', id);
    assert.equal(await daemon.ok('run', '--rm', image, 'wget', '-qO-', `http://${own}/`), 'page');
    assert.equal(await daemon.ok('exec', id, 'wget', '-qO-', `http://${gateway}:8080/`), 'page');
    assert.equal(await daemon.ok('port', id), '80/tcp -> 0.0.0.0:8080\n80/tcp -> [::]:8080');
    await daemon.ok('rm', '-f', id);
    await assert.rejects(page('127.0.0.1:8080'));
  });

  test('on 127.0.0.1 with a free port is reached there and nowhere else', async () => {
    const id = await serverOn('-p', '127.0.0.1::80');
    const address = await daemon.ok('port', id, '80');
    assert.match(address, /^127\.0\.0\.1:\d+$/);
    assert.equal(await page(address), 'page\n');
    const port = address.split(':')[1];
    const gateway = await daemon.ok('inspect', '-f', '{{.NetworkSettings.Networks.bridge.Gateway}}', id);
    await assert.rejects(page(`${gateway}:${port}`));
    await daemon.ok('rm', '-f', id);
  });

  test('can be UDP', async () => {
    await using root = await temporaryRoot('udp');
    const program = path.join(root.path, 'udp-echo');
    const source = path.join(repositoryRoot, 'tests/support/udp-echo.c');
    assert.equal((await run('gcc', ['-static', '-o', program, source])).stderr, '');
    const id = await daemon.ok(
      'run',
      '-d',
      '-p',
      '5353:53/udp',
      '-v',
      `${program}:/echo`,
      image,
      '/echo',
      '53',
    );
    const socket = createSocket('udp4');
    const answered = once(socket, 'message');
    const timer = setInterval(() => socket.send('ping', 5353, '127.0.0.1'), 50);
    const [message] = (await answered) as [Buffer];
    clearInterval(timer);
    socket.close();
    assert.equal(message.toString(), 'ping');
    await daemon.ok('rm', '-f', id);
  });

  test('can be a range', async () => {
    const id = await daemon.ok(
      'run',
      '-d',
      '-p',
      '9000-9004:9000-9004',
      image,
      'nc',
      '-ll',
      '-p',
      '9003',
      '-e',
      'echo',
      'three',
    );
    const ports = (await daemon.ok('port', id)).split('\n');
    assert.equal(ports.length, 10);
    const call = ['-c', 'exec 3<>/dev/tcp/127.0.0.1/9003 && cat <&3'];
    let finished = await run('bash', call);
    while (finished.exitCode !== 0) finished = await run('bash', call);
    assert.equal(finished.stdout, 'three\n');
    await daemon.ok('rm', '-f', id);
  });

  test('that is taken is refused with Docker’s words, and the container can start later', async () => {
    const first = await serverOn('-p', '8081:80');
    const second = await daemon.gantry([
      'run',
      '-d',
      '--name',
      'later',
      '-p',
      '8081:80',
      image,
      'sh',
      '-c',
      serve,
    ]);
    assert.equal(second.exitCode, 125);
    assert.match(second.stderr, /Bind for 0\.0\.0\.0:8081 failed: port is already allocated/);
    await daemon.ok('rm', '-f', first);
    await daemon.ok('start', 'later');
    await daemon.ok('rm', '-f', 'later');
    const server = createServer().listen(8082);
    await once(server, 'listening');
    const third = await daemon.gantry(['run', '--rm', '-p', '8082:80', image, 'true']);
    assert.equal(third.exitCode, 125);
    assert.match(third.stderr, /8082.*address already in use/);
    server.close();
  });
});

async function reachOutside(): Promise<boolean> {
  await daemon.gantry(['run', '--rm', image, 'nc', '-w', '1', '198.51.100.2', '7000']);
  return false;
}

describe('a network', () => {
  test('none has loopback only, host is the host’s', async () => {
    const names = (text: string): string[] =>
      [...text.matchAll(/^\d+: ([^:@]+)/gm)].map((match) => match[1] ?? '');
    assert.deepEqual(names(await daemon.ok('run', '--rm', '--network', 'none', image, 'ip', '-o', 'link')), [
      'lo',
    ]);
    const own = names((await run('ip', ['-o', 'link'])).stdout);
    assert.deepEqual(
      names(await daemon.ok('run', '--rm', '--network', 'host', image, 'ip', '-o', 'link')),
      own,
    );
  });

  test('gives names: hostname, hosts file, resolver', async () => {
    const text = await daemon.ok(
      'run',
      '--rm',
      '--hostname',
      'box',
      '--add-host',
      'other:10.9.8.7',
      image,
      'cat',
      '/etc/hosts',
      '/etc/hostname',
    );
    assert.match(text, /127\.0\.0\.1\s+localhost/);
    assert.match(text, /\d+\.\d+\.\d+\.\d+\s+box/);
    assert.match(text, /10\.9\.8\.7\s+other/);
    assert.match(text, /\nbox$/);
  });

  test('lets containers out through the host’s address', async () => {
    const outside = `gtout${process.pid}`;
    const script = [
      `ip netns add ${outside} && ip link add up0 type veth peer name up1 netns ${outside}`,
      'ip addr add 198.51.100.1/24 dev up0 && ip link set up0 up',
      `ip netns exec ${outside} sh -c "ip link set lo up; ip addr add 198.51.100.2/24 dev up1; ip link set up1 up"`,
    ].join(' && ');
    assert.equal((await run('sh', ['-ec', script])).stderr, '');
    const listen =
      "require('net').createServer((s) => (console.log(s.remoteAddress), process.exit())).listen(7000)";
    const server = run('ip', ['netns', 'exec', outside, process.execPath, '-e', listen]);
    const ended = server.then(() => true);
    while (!(await Promise.race([ended, reachOutside()])));
    assert.match((await server).stdout, /198\.51\.100\.1/);
    await run('sh', ['-c', `ip netns del ${outside}; umount /run/netns; ip link del up0`]);
  });
});
