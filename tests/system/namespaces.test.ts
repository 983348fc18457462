import assert from 'node:assert/strict';
import { readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { after, before, describe, test } from 'node:test';
import { loadBusybox } from '../support/busybox-image.ts';
import { needsDocker28 } from '../support/docker-version.ts';
import type { Finished } from '../support/processes.ts';
import { peer, programs, TestDaemon } from '../support/test-daemon.ts';

const image = 'mirror/busybox';
let daemon: TestDaemon;

before(async () => {
  daemon = await TestDaemon.start();
  await loadBusybox(daemon);
});
after(() => daemon[Symbol.asyncDispose]());

/** The kernel's name of a namespace of the host. */
const ofHost = (kind: string): string => readlinkSync(`/proc/self/ns/${kind}`);

for (const program of programs) {
  const call = (...args: string[]): Promise<Finished> => daemon[program](args);
  const output = async (...args: string[]): Promise<string> => {
    const finished = await call('run', '--rm', ...args);
    assert.equal(finished.exitCode, 0, finished.stderr);
    return finished.stdout.trim();
  };
  const background = async (name: string, ...flags: string[]): Promise<string> => {
    const finished = await call(
      'run',
      '-d',
      '--name',
      `${name}-${program}`,
      ...flags,
      image,
      'sleep',
      '1000',
    );
    assert.equal(finished.exitCode, 0, finished.stderr);
    return finished.stdout.trim();
  };
  const namespace = (kind: string, ...flags: string[]): Promise<string> =>
    output(...flags, image, 'readlink', `/proc/self/ns/${kind}`);
  const inside = async (id: string, ...command: string[]): Promise<string> => {
    const finished = await call('exec', id, ...command);
    assert.equal(finished.exitCode, 0, finished.stderr);
    return finished.stdout.trim();
  };
  /** Standard error of a run that ends with 125. */
  const refused = async (...flags: string[]): Promise<string> => {
    const finished = await call('run', '--rm', ...flags, image, 'true');
    assert.equal(finished.exitCode, 125, finished.stdout + finished.stderr);
    return finished.stderr;
  };

  describe(`namespaces by ${program}`, () => {
    test('are the container’s own by default, and the host’s on demand', async () => {
      const kinds = ['ipc', 'uts', 'pid', 'net'];
      const script = kinds.map((kind) => `readlink /proc/self/ns/${kind}`).join(';');
      const own = (await output(image, 'sh', '-c', script)).split('\n');
      kinds.forEach((kind, index) => assert.notEqual(own[index], ofHost(kind)));
      const flags = ['--ipc', 'host', '--uts', 'host', '--pid', 'host'];
      const shared = (await output(...flags, '--network', 'host', image, 'sh', '-c', script)).split('\n');
      assert.deepEqual(shared, ['ipc', 'uts', 'pid', 'net'].map(ofHost));
    });

    test('a container on the host’s UTS namespace has the host’s name and may not choose one', async () => {
      assert.equal(await output('--uts', 'host', image, 'hostname'), hostname());
      assert.match(
        await refused('--uts', 'host', '--hostname', 'x'),
        /conflicting options: hostname and the UTS mode/,
      );
      assert.match(await refused('--uts', 'host', '--domainname', 'x'), /domainname/);
    });

    test('the cgroup namespace hides the host’s hierarchy, or does not', async () => {
      assert.match(
        await output('--cgroupns', 'private', image, 'cat', '/proc/self/cgroup'),
        /^(\d+:[^:]*:\/\n?)+$/,
      );
      assert.match(await output('--cgroupns', 'host', image, 'cat', '/proc/self/cgroup'), /[0-9a-f]{64}/);
    });

    test('IPC is private, shareable, nobody’s /dev/shm, the host’s, or another container’s', async () => {
      const donor = await background('donor', '--ipc', 'shareable', '--shm-size', '3m');
      const loner = await background('loner');
      await inside(donor, 'sh', '-c', 'echo shared > /dev/shm/x');
      const joins = ['--ipc', `container:donor-${program}`];
      assert.equal(
        await output(
          ...joins,
          image,
          'sh',
          '-c',
          'cat /dev/shm/x; readlink /proc/self/ns/ipc; df -m /dev/shm | tail -1',
        ),
        `shared\n${await inside(donor, 'readlink', '/proc/self/ns/ipc')}\n${(await inside(donor, 'df', '-m', '/dev/shm')).split('\n').at(-1)}`,
      );
      assert.match(await inside(donor, 'df', '-m', '/dev/shm'), /shm\s+3\b/);
      assert.match(
        await refused('--ipc', `container:${loner}`),
        new RegExp(`container ${loner}: non-shareable IPC \\(hint: use IpcMode:shareable`),
      );
      assert.match(await refused('--ipc', 'wild'), /invalid IPC mode: wild/i);
      assert.match(await refused('--ipc', 'container:nobody'), /No such container: nobody/);
      assert.equal(
        await output('--ipc', 'none', image, 'sh', '-c', 'ls /dev/shm 2>/dev/null || echo none'),
        'none',
      );
      assert.equal(
        (await call('inspect', '-f', '{{.HostConfig.IpcMode}}', donor, loner)).stdout,
        'shareable\nprivate\n',
      );
      await call('rm', '-f', donor, loner);
    });

    test('a container that joined keeps the shared memory when its donor is gone', async () => {
      const donor = await background('giver', '--ipc', 'shareable');
      await inside(donor, 'sh', '-c', 'echo kept > /dev/shm/x');
      const joined = await background('taker', '--ipc', `container:${donor}`);
      await call('rm', '-f', donor);
      assert.equal(await inside(joined, 'cat', '/dev/shm/x'), 'kept');
      await call('restart', '-t', '0', joined);
      assert.match((await call('start', joined)).stderr, new RegExp(`No such container: ${donor}`));
      await call('rm', '-f', joined);
    });

    test('on another container’s network it has that one’s interfaces, names and files', async () => {
      const donor = await background('host', '--hostname', 'shown', '--add-host', 'friend:10.1.2.3');
      const joined = await background('guest', '--network', `container:host-${program}`);
      assert.equal(
        await inside(joined, 'readlink', '/proc/self/ns/net'),
        await inside(donor, 'readlink', '/proc/self/ns/net'),
      );
      assert.equal(await inside(joined, 'sh', '-c', 'hostname; cat /etc/hostname'), 'shown\nshown');
      assert.match(await inside(joined, 'cat', '/etc/hosts'), /10\.1\.2\.3\s+friend/);
      await inside(donor, 'sh', '-c', 'echo "10.9.9.9 later" >> /etc/hosts');
      assert.match(await inside(joined, 'cat', '/etc/hosts'), /later/);
      const mode = (await call('inspect', '-f', '{{.HostConfig.NetworkMode}} {{.Config.Hostname}}', joined))
        .stdout;
      assert.equal(mode, `container:${donor} shown\n`);
      await call('rename', donor, `renamed-${program}`);
      await call('restart', '-t', '0', joined);
      assert.equal(await inside(joined, 'hostname'), 'shown');
      await call('rm', '-f', joined, donor);
    });

    const contradiction = 'what contradicts another container’s network is refused in Docker’s words';
    test(contradiction, needsDocker28(program), async () => {
      const donor = await background('owner');
      const joins = ['--network', `container:${donor}`];
      for (const [flags, message] of [
        [['--hostname', 'x'], /hostname and the network mode/],
        [['-p', '80:80'], /port publishing and the container type network mode/],
        [['--expose', '80'], /port exposing and the container type network mode/],
        [['--dns', '1.1.1.1'], /dns and the network mode/],
        [['--add-host', 'a:1.1.1.1'], /custom host-to-IP mapping and the network mode/],
        [['--link', 'x'], /container type network can't be used with links/],
      ] as const) {
        assert.match(await refused(...joins, ...flags), message);
      }
      assert.match(
        await refused('--network', 'host', '--link', 'x'),
        /host type networking can't be used with links/,
      );
      assert.match(await refused('--network', 'container:nobody'), /No such container: nobody/);
      assert.match(await refused('--network', 'container:'), /invalid container format container:<name\|id>/);
      await call('rm', '-f', donor);
    });

    test('joins only containers that run', async () => {
      const id = (await call('create', '--ipc', 'shareable', image, 'true')).stdout.trim();
      assert.match(
        await refused('--network', `container:${id}`),
        new RegExp(`cannot join network of a non running container: ${id}`),
      );
      assert.match(await refused('--pid', `container:${id}`), new RegExp(`container ${id} is not running`));
      assert.match(await refused('--ipc', `container:${id}`), new RegExp(`container ${id} is not running`));
      await call('rm', id);
    });

    test('sees another container’s processes, ends with them, and leaves none of its own behind', async () => {
      const donor = await background('init');
      const pid = ['--pid', `container:${donor}`];
      assert.equal(await namespace('pid', ...pid), await inside(donor, 'readlink', '/proc/self/ns/pid'));
      assert.match(await output(...pid, image, 'ps'), /1 \S+\s+sleep 1000/);
      const left = await output(
        '--pid',
        `container:${donor}`,
        image,
        'sh',
        '-c',
        'sleep 4242 >/dev/null 2>&1 & echo done',
      );
      assert.equal(left, 'done');
      assert.doesNotMatch(await inside(donor, 'ps'), /4242/);
      const joined = await background('watcher', ...pid);
      await call('kill', donor);
      assert.equal((await call('wait', joined)).stdout, '137\n');
      await call('rm', '-f', joined, donor);
    });

    test('a process that outlives its container in the host’s PID namespace is ended with it', async () => {
      const script = 'sleep 4343 & echo $!';
      const pid = (await output('--pid', 'host', image, 'sh', '-c', script)).trim();
      assert.match(pid, /^\d+$/);
      assert.equal((await call('ps', '-q')).stdout, '');
      assert.throws(() => process.kill(Number(pid), 0), { code: 'ESRCH' });
    });
  });
}

if (peer === undefined) {
  test('a reference to another container holds over the death of the engine', async () => {
    const donor = await daemon.ok(
      'run',
      '-d',
      '--restart',
      'always',
      '--ipc',
      'shareable',
      image,
      'sleep',
      '1000',
    );
    const flags = ['--restart', 'always', '--network', `container:${donor}`, '--ipc', `container:${donor}`];
    const joined = await daemon.ok(
      'run',
      '-d',
      ...flags,
      '--pid',
      `container:${donor}`,
      image,
      'sleep',
      '1000',
    );
    const seen = (id: string): Promise<string> =>
      daemon.ok('exec', id, 'sh', '-c', 'cd /proc/self/ns; readlink net; readlink ipc; readlink pid');
    assert.equal(await seen(joined), await seen(donor));
    await daemon.end('SIGKILL');
    await daemon.restart();
    assert.equal(await seen(joined), await seen(donor));
    await daemon.ok('restart', '-t', '0', donor);
    await daemon.ok('restart', '-t', '0', joined);
    assert.equal(await seen(joined), await seen(donor));
    await daemon.ok('rm', '-f', joined, donor);
  });

  test('a container has clocks of its own when its annotations say so, and an exec has them too', async () => {
    const ahead = 8_640_000;
    const clocks = ['monotonic', 'boottime'].flatMap((name) => [
      '--annotation',
      `gantry.time.${name}=${ahead}`,
    ]);
    const uptime = 'cut -d. -f1 /proc/uptime; readlink /proc/self/ns/time';
    const id = await daemon.ok('run', '-d', ...clocks, image, 'sh', '-c', `${uptime}; exec sleep 1000`);
    const [seconds, namespace] = (await daemon.ok('exec', id, 'sh', '-c', uptime)).split('\n');
    assert.ok(Number(seconds) >= ahead, seconds);
    assert.notEqual(namespace, ofHost('time'));
    await daemon.end('SIGKILL');
    await daemon.restart();
    assert.equal(await daemon.ok('exec', id, 'readlink', '/proc/self/ns/time'), namespace);
    assert.equal((await daemon.ok('logs', id)).split('\n')[1], namespace);
    assert.equal(await daemon.ok('run', '--rm', image, 'readlink', '/proc/self/ns/time'), ofHost('time'));
    await daemon.ok('rm', '-f', id);
    for (const [annotation, message] of [
      ['gantry.time.boottime=soon', /"soon" is not a number of seconds/],
      ['gantry.time.realtime=1', /unknown annotation gantry\.time\.realtime/],
    ] as const) {
      const finished = await daemon.gantry(['run', '--rm', '--annotation', annotation, image, 'true']);
      assert.equal(finished.exitCode, 125);
      assert.match(finished.stderr, message);
    }
  });
}
