import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { isMountPoint } from '@gantry/kernel';
import { FakePlugin, type PluginReply } from '@gantry/plugins/testing';
import { loadBusybox } from '../support/busybox-image.ts';
import { needsDocker28 } from '../support/docker-version.ts';
import type { Finished } from '../support/processes.ts';
import { peer, programs, TestDaemon } from '../support/test-daemon.ts';
import { until } from '../support/until.ts';

const image = 'mirror/busybox';
let daemon: TestDaemon;
let here: string;
/** A volume plugin: its volumes are directories below `here`. */
let shelf: FakePlugin;
let shelfName: string;
const held = new Map<string, Set<string>>();

before(async () => {
  here = mkdtempSync('/tmp/gantry-volumes-');
  daemon = await TestDaemon.start();
  await loadBusybox(daemon);
  shelfName = peer === undefined ? 'shelf' : `shelf-${process.pid}`;
  const directory = peer === undefined ? path.join(daemon.execRoot, 'plugins') : '/run/docker/plugins';
  shelf = await FakePlugin.start(path.join(directory, `${shelfName}.sock`), ['VolumeDriver'], answer);
});
after(async () => {
  await daemon[Symbol.asyncDispose]();
  await shelf[Symbol.asyncDispose]();
  rmSync(here, { recursive: true });
});

function answer(method: string, question: Record<string, unknown>): PluginReply | undefined {
  const [name, id] = [String(question['Name']), String(question['ID'])];
  const place = path.join(here, 'shelf', name);
  const told = (each: string): object => ({
    Name: each,
    Mountpoint: path.join(here, 'shelf', each),
    Status: { on: 'shelf' },
  });
  switch (method) {
    case 'VolumeDriver.Capabilities':
      return { Capabilities: { Scope: 'global' } };
    case 'VolumeDriver.Create':
      held.set(name, new Set());
      mkdirSync(place, { recursive: true });
      return {};
    case 'VolumeDriver.List':
      return { Volumes: [...held.keys()].map(told) };
    case 'VolumeDriver.Get':
      return held.has(name) ? { Volume: told(name) } : { Err: 'no such volume' };
    case 'VolumeDriver.Path':
      return { Mountpoint: place };
    case 'VolumeDriver.Mount':
      held.get(name)?.add(id);
      return { Mountpoint: place };
    case 'VolumeDriver.Unmount':
      held.get(name)?.delete(id);
      return {};
    case 'VolumeDriver.Remove':
      held.delete(name);
      return {};
    default:
      return undefined;
  }
}

const tmpfs = ['--opt', 'type=tmpfs', '--opt', 'device=tmpfs', '--opt', 'o=size=1m,mode=1777'];

for (const program of programs) {
  const call = (...args: string[]): Promise<Finished> => daemon[program](args);
  const ok = async (...args: string[]): Promise<string> => {
    const finished = await call(...args);
    assert.equal(finished.exitCode, 0, `${args.join(' ')}: ${finished.stderr}`);
    return finished.stdout.trimEnd();
  };
  const refused = async (message: string | RegExp, ...args: string[]): Promise<void> => {
    const { exitCode, stderr } = await call(...args);
    assert.notEqual(exitCode, 0, args.join(' '));
    if (typeof message === 'string') assert.ok(stderr.includes(message), stderr);
    else assert.match(stderr, message);
  };
  const run = (...args: string[]): Promise<string> => ok('run', '--rm', '--network', 'none', ...args);
  const named = (name: string): string => `${name}-${program}`;
  const mountpoint = (name: string): Promise<string> =>
    ok('volume', 'inspect', '-f', '{{.Mountpoint}}', name);

  describe(`${program} volume`, () => {
    test('takes options of the local driver, and refuses others', async () => {
      const name = named('wrong');
      const create = (...options: string[]): string[] => [
        'volume',
        'create',
        ...options.flatMap((option) => ['-o', option]),
        name,
      ];
      await refused(`create ${name}: invalid option: "foo"`, ...create('foo=bar'));
      await refused(`create ${name}: missing required option: "device"`, ...create('type=tmpfs'));
      await refused(`create ${name}: missing required option: "type"`, ...create('device=tmpfs'));
      await refused(`create ${name}: invalid size: 'zz'`, ...create('size=zz'));
      await refused(`create ${name}: quota size requested but no quota support`, ...create('size=1g'));
      await refused(
        /create a\/b: "a\/b" includes invalid characters for a local volume name, only "\[a-zA-Z0-9\]/,
        'volume',
        'create',
        'a/b',
      );
      await refused(`get ${name}: no such volume`, 'volume', 'rm', name);
      assert.equal(await ok('volume', 'rm', '-f', name), name);
    });

    test('a tmpfs lives as long as somebody uses it, and is filled again for the next', async () => {
      const [volume, keeper] = [named('memory'), named('keeper')];
      assert.equal(await ok('volume', 'create', '--label', 'kind=fast', ...tmpfs, volume), volume);
      assert.equal(
        await ok('volume', 'inspect', '-f', '{{.Options.type}} {{.Options.o}} {{.Scope}}', volume),
        'tmpfs size=1m,mode=1777 local',
      );
      const place = await mountpoint(volume);
      assert.equal(isMountPoint(place), false);
      await ok(
        'run',
        '-d',
        '--name',
        keeper,
        '--network',
        'none',
        '-v',
        `${volume}:/m`,
        image,
        'sleep',
        '1000',
      );
      assert.equal(isMountPoint(place), true);
      const facts = 'grep -o " /m tmpfs rw[^ ]*size=1024k" /proc/mounts | cut -c1-10; echo kept > /m/file';
      assert.equal(await run('-v', `${volume}:/m`, image, 'sh', '-c', facts), ' /m tmpfs');
      assert.equal(await run('-v', `${volume}:/m:ro`, image, 'cat', '/m/file'), 'kept');
      await refused(/Read-only file system/, 'run', '--rm', '-v', `${volume}:/m:ro`, image, 'touch', '/m/x');
      await refused(/No space left/, 'exec', keeper, 'dd', 'if=/dev/zero', 'of=/m/large', 'bs=1M', 'count=2');
      await refused(/volume is in use - \[[0-9a-f]{64}\]/, 'volume', 'rm', volume);
      await ok('stop', '-t', '0', keeper);
      await until('the tmpfs is unmounted', () => !isMountPoint(place));
      await ok('start', keeper);
      assert.equal(await ok('exec', keeper, 'ls', '/m'), '');
      await ok('rm', '-f', keeper);
      assert.equal(isMountPoint(place), false);
      assert.equal(await ok('volume', 'rm', volume), volume);
    });

    test('a directory of the host takes the image’s content, and keeps it when the volume goes', async () => {
      const [volume, directory] = [named('bound'), path.join(here, named('bound'))];
      mkdirSync(directory);
      await ok('volume', 'create', '-o', 'type=none', '-o', `device=${directory}`, '-o', 'o=bind', volume);
      assert.match(await run('-v', `${volume}:/etc`, image, 'cat', '/etc/group'), /^root:x:0:/);
      assert.match(readFileSync(path.join(directory, 'group'), 'utf8'), /^root:x:0:/);
      await run('-v', `${volume}:/etc:nocopy`, image, 'sh', '-c', 'rm -rf /etc/[!hr]*');
      await ok('volume', 'rm', volume);
      assert.ok(existsSync(directory));
      const missing = path.join(here, named('missing'));
      await ok('volume', 'create', '-o', 'type=none', '-o', `device=${missing}`, '-o', 'o=bind', volume);
      await refused(
        new RegExp(
          `error while mounting volume '.*/${volume}/_data': failed to mount local volume: ` +
            `mount ${missing}:.*/_data, flags: 0x1000: no such file or directory`,
        ),
        'run',
        '--rm',
        '--network',
        'none',
        '-v',
        `${volume}:/m:nocopy`,
        image,
        'true',
      );
      await ok('volume', 'rm', volume);
    });

    test('an emptied volume is filled again for a new container, and not for one that is started again', async () => {
      const [volume, name] = [named('emptied'), named('again')];
      await ok(
        'create',
        '--name',
        name,
        '--network',
        'none',
        '-v',
        `${volume}:/etc/init.d`,
        image,
        'ls',
        '/etc/init.d',
      );
      await ok('rm', name);
      const look = ['-v', `${volume}:/root`, image, 'sh', '-c'];
      await run(...look, 'rm -rf /root/* && touch /root/own');
      assert.equal(await run(...look, 'ls /root'), 'own');
      await ok('volume', 'rm', volume);
      await run('-v', `${volume}:/bin`, image, 'rm', '-rf', '/bin/ls');
      await refused(/ls/, 'run', '--rm', '--network', 'none', '-v', `${volume}:/bin`, image, 'ls');
      await ok('volume', 'rm', volume);
    });

    test('--mount makes volumes with driver, options and labels', async () => {
      const volume = named('mounted');
      const mount =
        `type=volume,source=${volume},target=/m,volume-driver=local,volume-label=kind=fast,volume-nocopy,` +
        'volume-opt=type=tmpfs,volume-opt=device=tmpfs,"volume-opt=o=size=2m,uid=7"';
      assert.equal(await run('--mount', mount, image, 'stat', '-c', '%u %t', '/m'), '7 0');
      assert.equal(
        await ok('volume', 'inspect', '-f', '{{.Labels.kind}} {{.Options.o}} {{.Driver}}', volume),
        'fast size=2m,uid=7 local',
      );
      await ok('volume', 'rm', volume);
      const wrong = `type=volume,source=${volume},target=/m,volume-opt=colour=red`;
      await refused(`create ${volume}: invalid option: "colour"`, 'create', '--mount', wrong, image, 'true');
      const driver = `type=volume,source=${volume},target=/m,volume-driver=local`;
      await ok('create', '--name', named('plain'), '--mount', driver, image, 'true');
      await ok('rm', '-v', named('plain'));
      assert.equal(await ok('volume', 'ls', '-q', '-f', `name=${volume}`), volume);
      await ok('volume', 'rm', volume);
    });

    test('lists by filters, and prunes what takes space and nobody uses', async () => {
      const [one, two, user] = [named('filter-one'), named('filter-two'), named('user')];
      await ok('volume', 'create', '--label', 'tier=db', '--label', 'own', one);
      await ok('volume', 'create', '--label', 'tier=web', '--label', 'own', ...tmpfs, two);
      await ok('create', '--name', user, '-v', `${one}:/m`, image, 'true');
      const list = async (...filters: string[]): Promise<string> => {
        const flags = filters.flatMap((filter) => ['--filter', filter]);
        return (await ok('volume', 'ls', '--format', '{{.Name}}', ...flags)).replaceAll('\n', ' ');
      };
      assert.equal(await list('label=own', `name=^filter-.*-${program}$`), `${one} ${two}`);
      assert.equal(await list('label=own', 'label=tier=web'), two);
      assert.equal(await list('dangling=true', 'label=own'), two);
      assert.equal(await list('dangling=0', 'label=own'), one);
      assert.equal(await list('driver=local', 'label=tier=db'), one);
      assert.equal(await list('driver=nosuch'), '');
      await refused(/nvalid filter 'dangling=\[maybe\]'/, 'volume', 'ls', '-f', 'dangling=maybe');
      await refused(/nvalid filter 'colour'/, 'volume', 'ls', '-f', 'colour=red');
      await ok('rm', user);
      await ok(
        'volume',
        'prune',
        '-f',
        '--filter',
        'label=own',
        ...(peer === undefined ? ['--filter', 'all=1'] : []),
      );
      assert.equal(await list('label=own'), two);
      assert.ok(!(await ok('system', 'df', '-v')).includes(two));
      await ok('volume', 'rm', two);
    });

    test('a plugin has volumes, and is told who uses them', async () => {
      const [volume, name] = [named('shelved'), named('reader')];
      assert.equal(await ok('volume', 'create', '-d', shelfName, '-o', 'tier=top', volume), volume);
      const status = '{{.Driver}} {{.Scope}} {{.Status.on}}';
      assert.equal(await ok('volume', 'inspect', '-f', status, volume), `${shelfName} global shelf`);
      assert.match(await ok('info', '-f', '{{.Plugins.Volume}}'), new RegExp(shelfName));
      assert.match(await run('-v', `${volume}:/etc`, image, 'cat', '/etc/group'), /^root:x:0:/);
      await ok(
        'run',
        '-d',
        '--name',
        name,
        '--network',
        'none',
        '-v',
        `${volume}:/s`,
        image,
        'sleep',
        '1000',
      );
      assert.equal(held.get(volume)?.size, 1);
      const facts = await ok('inspect', '-f', '{{range .Mounts}}{{.Driver}} {{.Name}} {{.RW}}{{end}}', name);
      assert.equal(facts, `${shelfName} ${volume} true`);
      await ok('rm', '-f', name);
      assert.equal(held.get(volume)?.size, 0);
      const other = named('made-on-the-way');
      await run('--volume-driver', shelfName, '-v', `${other}:/s`, image, 'touch', '/s/file');
      assert.deepEqual(readdirSync(path.join(here, 'shelf', other)), ['file']);
      const listed = await ok('volume', 'ls', '-q', '-f', `driver=${shelfName}`);
      assert.deepEqual(listed.split('\n').sort(), [other, volume].sort());
      const message = `create ${volume}: driver '${shelfName}' already has volume '${volume}': volume name must be unique`;
      await refused(message, 'volume', 'create', '-d', 'local', volume);
      await ok('volume', 'rm', other, volume);
      assert.equal(held.has(volume), false);
    });
  });

  if (peer !== undefined) continue;

  describe(`${program} volume of newer Dockers`, () => {
    test('cluster volumes are a swarm’s', needsDocker28(program), async () => {
      const manager = 'This node is not a swarm manager. Use "docker swarm init" or "docker swarm join"';
      for (const flag of [
        '--type=mount',
        '--scope=multi',
        '--sharing=all',
        '--group=g',
        '--availability=pause',
      ]) {
        await refused(manager, 'volume', 'create', flag, named('cluster'));
      }
      const volume = await ok('volume', 'create');
      await refused('can only update cluster volumes', 'volume', 'update', '--availability', 'drain', volume);
      await refused('get nothing: no such volume', 'volume', 'update', 'nothing');
      assert.equal(
        (await ok('volume', 'ls', '--cluster')).replace(/ +/g, ' '),
        'VOLUME NAME GROUP DRIVER AVAILABILITY STATUS',
      );
      await ok('volume', 'prune', '-f');
      await refused(`get ${volume}: no such volume`, 'volume', 'inspect', volume);
    });

    test('a driver that is not there is said at once', async () => {
      const message = 'error looking up volume plugin nosuch: plugin "nosuch" not found';
      await refused(message, 'volume', 'create', '-d', 'nosuch', named('lost'));
      await refused(message, 'run', '--rm', '--volume-driver', 'nosuch', '-v', '/m', image, 'true');
    });
  });
}

if (peer === undefined) {
  test('volumes stay mounted for containers that outlive the engine, and are unmounted after them', async () => {
    await daemon.ok('volume', 'create', ...tmpfs, 'lasting');
    await daemon.ok('volume', 'create', '-d', 'shelf', 'lasting-shelf');
    const place = await daemon.ok('volume', 'inspect', '-f', '{{.Mountpoint}}', 'lasting');
    const volumes = ['-v', 'lasting:/m', '-v', 'lasting-shelf:/s'];
    for (const name of ['lives', 'dies']) {
      await daemon.ok('run', '-d', '--name', name, '--network', 'none', ...volumes, image, 'sleep', '1000');
    }
    await daemon.ok('exec', 'lives', 'touch', '/m/file');
    assert.equal(held.get('lasting-shelf')?.size, 2);
    await daemon.end('SIGKILL');
    await daemon.restart();
    assert.equal(isMountPoint(place), true);
    await daemon.ok('rm', '-f', 'dies');
    assert.equal(held.get('lasting-shelf')?.size, 1);
    const seen = await daemon.ok('run', '--rm', '--network', 'none', ...volumes, image, 'ls', '/m');
    assert.equal(seen, 'file');
    await daemon.ok('cp', 'lives:/m/file', path.join(here, 'copied'));
    await daemon.ok('rm', '-f', 'lives');
    assert.equal(isMountPoint(place), false);
    assert.equal(held.get('lasting-shelf')?.size, 0);
    assert.equal(await daemon.ok('system', 'fsck'), 'everything fits');
    await daemon.ok('volume', 'rm', 'lasting', 'lasting-shelf');
  });

  test('events tell of the driver', async () => {
    const since = Math.floor(Date.now() / 1000) - 1;
    const tell = '{{.Action}} {{.Actor.ID}} {{.Actor.Attributes.driver}}';
    await daemon.ok(
      'run',
      '--rm',
      '--network',
      'none',
      '--volume-driver',
      'shelf',
      '-v',
      'told:/s',
      image,
      'true',
    );
    await daemon.ok('volume', 'rm', 'told');
    const until = String(Math.floor(Date.now() / 1000) + 1);
    const flags = ['--since', String(since), '--until', until, '--filter', 'volume=told', '--format', tell];
    assert.deepEqual((await daemon.ok('events', ...flags)).split('\n'), [
      'create told shelf',
      'mount told shelf',
      'unmount told shelf',
      'destroy told shelf',
    ]);
  });
}
