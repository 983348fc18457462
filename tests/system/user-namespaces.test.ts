import assert from 'node:assert/strict';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { busyboxArchive } from '../support/busybox-image.ts';
import { type Finished, run } from '../support/processes.ts';
import { peer, programs, TestDaemon } from '../support/test-daemon.ts';

const image = 'mirror/busybox';
const flags = ['--userns-remap', 'default'];
let daemon: TestDaemon;
let hadRemapUser: boolean;
/** The host's user that is root in a container. */
let first: number;

before(async () => {
  hadRemapUser = hasRemapUser();
  daemon = await TestDaemon.start(flags);
  first = Number(/^dockremap:(\d+):/m.exec(readFileSync('/etc/subuid', 'utf8'))?.[1]);
  const members = [
    { name: 'data/', type: 'directory', mode: 0o755 },
    { name: 'data/file', uid: 33, gid: 34, content: 'of the image' },
  ] as const;
  const loaded = await daemon.docker(['load'], { stdin: await busyboxArchive({ members }) });
  assert.equal(loaded.exitCode, 0, loaded.stderr);
});
after(async () => {
  await daemon[Symbol.asyncDispose]();
  // The host's /dev/null is given to nobody, whatever runs with it.
  assert.equal(statSync('/dev/null').uid, 0);
  if (!hadRemapUser) await run('userdel', ['dockremap']);
});

function hasRemapUser(): boolean {
  return /^dockremap:/m.test(readFileSync('/etc/passwd', 'utf8'));
}

test('commands of builds have the users of containers, a network, and make layers for everybody', async () => {
  const context = mkdtempSync(path.join(daemon.root, 'context-'));
  const lines = [
    `FROM ${image}`,
    "RUN awk '{print $2}' /proc/self/uid_map > /first && stat -c %u:%g /data/file /etc/hosts > /owners && ip addr show eth0",
    'RUN chown 5:6 /first',
  ];
  writeFileSync(path.join(context, 'Dockerfile'), `${lines.join('\n')}\n`);
  const built = await run('docker', ['-H', `unix://${daemon.socketPath}`, 'build', '-t', 'mapped', context], {
    env: { DOCKER_BUILDKIT: '0' },
  });
  assert.equal(built.exitCode, 0, built.stdout + built.stderr);
  const show = ['sh', '-c', 'cat /first; head -n 1 /owners; stat -c %u:%g /first'];
  const shown = await daemon.docker(['run', '--rm', 'mapped', ...show]);
  assert.equal(shown.stdout, `${first}\n33:34\n5:6\n`, shown.stderr);
});

for (const program of programs) {
  const call = (...args: string[]): Promise<Finished> => daemon[program](args);
  const output = async (...args: string[]): Promise<string> => {
    const finished = await call(...args);
    assert.equal(finished.exitCode, 0, `${args.join(' ')}: ${finished.stderr}`);
    return finished.stdout.trim();
  };
  const shell = (script: string, ...options: string[]): Promise<string> =>
    output('run', '--rm', ...options, image, 'sh', '-c', script);
  const named = (name: string): string => `${name}-${program}`;
  const sleeper = async (name: string, ...options: string[]): Promise<string> => {
    await output('run', '-d', '--name', named(name), ...options, image, 'sleep', '1000');
    return named(name);
  };
  const uidOnHost = async (name: string): Promise<number> => {
    const pid = await output('inspect', '-f', '{{.State.Pid}}', name);
    return Number(/^Uid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
  };

  describe(`remapped users by ${program}`, () => {
    test('root is nobody of the host, sees the image’s owners, and has what root has', async () => {
      const name = await sleeper('box');
      assert.equal(await uidOnHost(name), first);
      const script = [
        'id -u',
        'stat -c %u:%g /data/file /.dockerenv /bin /etc/hosts /etc/resolv.conf /dev/shm /dev/pts',
        'chown 5:6 /data/file && stat -c %u:%g /data/file',
        'hostname other && mount -t tmpfs x /tmp 2>/dev/null || echo refused',
        'grep Seccomp: /proc/self/status | tr -d "\\t"',
      ].join('; ');
      assert.deepEqual((await output('exec', name, 'sh', '-c', script)).split('\n'), [
        '0',
        '33:34',
        '0:0',
        '0:0',
        '0:0',
        '0:0',
        '0:0',
        '0:0',
        '5:6',
        'refused',
        'Seccomp:2',
      ]);
      assert.match(await output('info', '-f', '{{.SecurityOptions}}'), /name=userns/);
    });

    test('settings of its namespaces, limits and mounts work as for the host’s users', async () => {
      const script =
        'cat /proc/sys/net/ipv4/ip_forward; ulimit -n; touch /t/x /dev/mqueue /dev/shm/x; stat -c %u /t/x; touch /y';
      const options = ['--read-only', '--tmpfs', '/t', '--ulimit', 'nofile=100:200'];
      const setting = ['--sysctl', 'net.ipv4.ip_forward=1'];
      const finished = await call('run', '--rm', ...options, ...setting, image, 'sh', '-c', script);
      assert.deepEqual(finished.stdout.trim().split('\n'), ['1', '100', '0']);
      assert.match(finished.stderr, /\/y: Read-only file system/);
    });

    test('a bind shows the host’s owners, whose root is nobody here', async () => {
      const folder = path.join(daemon.root, named('bind'));
      mkdirSync(folder);
      chmodSync(folder, 0o777);
      writeFileSync(path.join(folder, 'secret'), 'of the host', { mode: 0o600 });
      const script =
        'stat -c %u /b/secret; cat /b/secret || echo closed; touch /b/made; chown 7:8 /b/made; echo x >/b/secret || echo kept';
      const found = await shell(script, '-v', `${folder}:/b`);
      assert.deepEqual(found.split('\n'), ['65534', 'closed', 'kept']);
      const { uid, gid } = statSync(path.join(folder, 'made'));
      assert.deepEqual([uid, gid], [first + 7, first + 8]);
      assert.equal(readFileSync(path.join(folder, 'secret'), 'utf8'), 'of the host');
    });

    test('what needs the host’s users is refused, and had by --userns host', async () => {
      for (const [options, message] of [
        [
          ['--privileged'],
          /privileged mode is incompatible with user namespaces\. {2}You must run the container in/,
        ],
        [['--network', 'host'], /cannot share the host's network namespace when user namespaces are enabled/],
        [['--pid', 'host'], /cannot share the host PID namespace when user namespaces are enabled/],
      ] as const) {
        const finished = await call('run', '--rm', ...options, image, 'true');
        assert.equal(finished.exitCode, 125);
        assert.match(finished.stderr, message);
      }
      const script = 'cat /proc/self/uid_map; mount -t tmpfs x /tmp && echo mounted';
      const found = await shell(script, '--userns', 'host', '--cap-add', 'SYS_ADMIN');
      assert.deepEqual(found.split(/\s+/), ['0', '0', '4294967295', 'mounted']);
    });

    test('copies, exports and commits have the owners that the container sees', async () => {
      const name = await sleeper('copied', '--tmpfs', '/home');
      await output('exec', name, 'sh', '-c', 'mkdir /new; touch /new/own; chown 1000:1001 /new/own');
      const folder = path.join(daemon.root, named('copy'));
      mkdirSync(folder);
      writeFileSync(path.join(folder, 'in'), 'x');
      chownSync(path.join(folder, 'in'), 7, 8);
      await output('cp', '-a', path.join(folder, 'in'), `${name}:/new/in`);
      assert.equal(await output('exec', name, 'stat', '-c', '%u:%g', '/new/in'), '7:8');
      if (peer === undefined) {
        // dockerd's has no way into a tmpfs.
        await output('cp', path.join(folder, 'in'), `${name}:/home/in`);
        assert.equal(await output('exec', name, 'stat', '-c', '%u:%g', '/home/in'), '7:8');
      }
      const { stdoutBytes } = await call('cp', `${name}:/new/own`, '-');
      const copied = await run('tar', ['--numeric-owner', '-tvf', '-'], { stdin: stdoutBytes });
      // dockerd's says the host's owners; all others are the container's there too.
      if (peer === undefined) assert.match(copied.stdout, /1000\/1001 .*own\n/);
      await output('export', '-o', path.join(folder, 'root.tar'), name);
      const listed = await run('tar', [
        '--numeric-owner',
        '-tvf',
        path.join(folder, 'root.tar'),
        'new/own',
        'data/file',
      ]);
      assert.match(listed.stdout, /33\/34 .*data\/file\n.*1000\/1001 .*new\/own/);
      const committed = named('committed');
      await output('commit', name, committed);
      // dockerd's layers are those of the remapped users alone, also for the host's.
      for (const users of peer === undefined ? [[], ['--userns', 'host']] : [[]]) {
        const found = await output(
          'run',
          '--rm',
          ...users,
          committed,
          'stat',
          '-c',
          '%u:%g',
          '/new/own',
          '/new/in',
        );
        assert.equal(found, '1000:1001\n7:8');
      }
      const changes = await output('diff', name);
      assert.deepEqual(changes.split('\n').sort(), ['A /new', 'A /new/in', 'A /new/own']);
    });

    test('a container that joins another’s namespaces has its users', async () => {
      const name = await sleeper('joined');
      const script = 'readlink /proc/self/ns/user; readlink /proc/self/ns/net';
      const users = await output('exec', name, 'sh', '-c', script);
      assert.equal(await shell(script, '--network', `container:${name}`), users);
      const beside = await shell(`${script}; ps | grep sleep`, '--pid', `container:${name}`);
      assert.equal(beside.split('\n')[0], users.split('\n')[0]);
      assert.notEqual(beside.split('\n')[1], users.split('\n')[1]);
      assert.match(beside, /sleep 1000/);
    });
  });
}

function ownerOf(file: string): [number, number] {
  const { uid, gid } = statSync(file);
  return [uid, gid];
}

if (peer === undefined) {
  test('a volume is the same to containers with other users, and holds what they see', async () => {
    const script = 'stat -c %u:%g /data/file; touch /data/made; chown 5:6 /data/made';
    const volume = ['-v', 'shared:/data'];
    assert.equal(await daemon.ok('run', '--name', 'filled', ...volume, image, 'sh', '-c', script), '33:34');
    const source = path.join(daemon.dataRoot, 'volumes/shared/_data');
    assert.deepEqual(ownerOf(path.join(source, 'made')), [5, 6]);
    for (const users of ['host', 'auto', '']) {
      const read = ['--volumes-from', 'filled', image, 'stat', '-c', '%u:%g', '/data/made', '/data/file'];
      assert.equal(await daemon.ok('run', '--rm', '--userns', users, ...read), '5:6\n33:34');
    }
    await daemon.ok('rm', 'filled');
    await daemon.ok('volume', 'rm', 'shared');
  });

  test('--userns auto gives a container a range that no other has, and gives it back', async () => {
    const rangeOf = async (name: string): Promise<string> =>
      daemon.ok('exec', name, 'awk', '{print $2}', '/proc/self/uid_map');
    const start = (name: string): Promise<string> =>
      daemon.ok('run', '-d', '--name', name, '--userns', 'auto', image, 'sleep', '1000');
    await Promise.all([start('one'), start('two')]);
    const [one, two] = [await rangeOf('one'), await rangeOf('two')];
    assert.notEqual(one, two);
    assert.ok(Number(one) !== first && Number(two) !== first);
    assert.equal(await daemon.ok('inspect', '-f', '{{.HostConfig.UsernsMode}}', 'one'), 'auto');
    const joining = await daemon.gantry(['run', '--rm', '--network', 'container:one', image, 'true']);
    assert.match(joining.stderr, /the two have different user namespaces/);
    await daemon.ok('rm', '-f', 'one');
    await start('three');
    assert.equal(await rangeOf('three'), one);
  });

  test('a container keeps its users over the engine’s death, and over another remapping', async () => {
    await daemon.ok('run', '-d', '--name', 'kept', '-p', '80', image, 'sleep', '1000');
    await daemon.end('SIGKILL');
    await daemon.restart();
    const map = ['awk', '{print $2}', '/proc/self/uid_map'];
    assert.equal(await daemon.ok('exec', 'kept', ...map), String(first));
    await daemon.ok('restart', '-t', '0', 'kept');
    assert.equal(await daemon.ok('exec', 'kept', ...map), String(first));
    assert.equal(await daemon.ok('run', '--rm', image, ...map), '0');
    assert.equal(await daemon.ok('system', 'fsck'), 'everything fits');
  });

  test('a user that the container does not have is refused', async () => {
    const finished = await daemon.gantry([
      'run',
      '--rm',
      '--userns',
      'auto',
      '--user',
      '70000',
      image,
      'true',
    ]);
    assert.equal(finished.exitCode, 125);
    assert.match(finished.stderr, /Container ID 70000 cannot be mapped to a host ID/);
  });
}
