import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { ContainerCreateRequest } from '@gantry/api-types';
import { createContainer, removeContainer, startContainer, waitContainer } from '@gantry/client';
import { loadBusybox } from '../support/busybox-image.ts';
import { needsDocker28 } from '../support/docker-version.ts';
import { type Finished, run } from '../support/processes.ts';
import { peer, programs, TestDaemon } from '../support/test-daemon.ts';

let daemon: TestDaemon;
/** A directory of this machine: `shared` is a shared mount, `private` a private one with another mount in `below`. */
let here: string;
before(async () => {
  here = mkdtempSync('/tmp/gantry-mounts-');
  for (const name of ['shared', 'private']) {
    mkdirSync(path.join(here, name));
    await host('mount', '-t', 'tmpfs', 'tmpfs', path.join(here, name));
    await host('mount', `--make-${name}`, path.join(here, name));
  }
  mkdirSync(path.join(here, 'private/below'));
  await host('mount', '-t', 'tmpfs', 'tmpfs', path.join(here, 'private/below'));
  await host('mount', '--make-private', path.join(here, 'private/below'));
  daemon = await TestDaemon.start();
  await loadBusybox(daemon);
});
after(async () => {
  await daemon[Symbol.asyncDispose]();
  for (const name of ['private/below', 'private', 'shared']) await host('umount', path.join(here, name));
  rmSync(here, { recursive: true });
});

const image = 'mirror/busybox';

async function host(program: string, ...args: string[]): Promise<void> {
  const finished = await run(program, args);
  assert.equal(finished.exitCode, 0, finished.stderr);
}

for (const program of programs) {
  const call = (...args: string[]): Promise<Finished> => daemon[program](args);
  const output = async (...args: string[]): Promise<string> => {
    const finished = await call('run', '--rm', '--network', 'none', ...args);
    assert.equal(finished.exitCode, 0, finished.stderr);
    return finished.stdout;
  };
  const refused = async (message: RegExp, ...args: string[]): Promise<void> => {
    const finished = await call('run', '--rm', ...args, image, 'true');
    assert.notEqual(finished.exitCode, 0, args.join(' '));
    assert.match(finished.stderr, message);
  };
  /** Names of what can be written to. */
  const writable = (...places: string[]): string[] => [
    'sh',
    '-c',
    places.map((place) => `touch ${place}/x 2>/dev/null && rm ${place}/x && echo ${place}`).join('; ') +
      '; true',
  ];

  describe(`${program} run with mounts`, () => {
    test('takes volumes and binds from other containers, read-only when told so', async () => {
      const [one, two] = [`one-${program}`, `two-${program}`];
      const bound = path.join(here, `from-${program}`);
      await call('create', '--name', one, '-v', '/anonymous', '-v', `${bound}:/bound`, image, 'true');
      await call(
        'create',
        '--name',
        two,
        '-v',
        `named-${program}:/named:ro`,
        '--tmpfs',
        '/tmpfs',
        image,
        'true',
      );
      await output(
        '--volumes-from',
        one,
        image,
        'sh',
        '-c',
        'echo kept > /anonymous/file; echo out > /bound/file',
      );
      assert.equal(readFileSync(path.join(bound, 'file'), 'utf8'), 'out\n');
      const both = ['--volumes-from', `${one}:ro`, '--volumes-from', two];
      const look = [
        ...both,
        image,
        'sh',
        '-c',
        'cat /anonymous/file /bound/file; ls -d /named /tmpfs 2>&1; touch /bound/x /anonymous/x /named/x',
      ];
      const seen = await call('run', '--rm', ...look);
      assert.match(seen.stdout, /^kept\nout\n(\/named\n[^]*tmpfs|[^]*tmpfs[^]*\/named\n)/);
      assert.equal(seen.stderr.match(/Read-only file system/g)?.length, 3);
      const own = await output('--volumes-from', one, '-v', '/tmp:/bound', image, ...writable('/anonymous'));
      assert.equal(own, '/anonymous\n');
      await refused(/No such container: nobody/, '--volumes-from', 'nobody');
      await refused(/invalid mode: wild/, '--volumes-from', `${one}:wild`);
      await call('rm', '-v', one, two);
      await call('volume', 'rm', `named-${program}`);
    });

    test('propagates mounts as told, and refuses what the host’s mounts cannot do', async () => {
      const shared = path.join(here, 'shared');
      const place = path.join(shared, program);
      mkdirSync(place);
      const make = `mount -t tmpfs t /bound/${program} && touch /bound/${program}/inside`;
      await output('--cap-add=SYS_ADMIN', '-v', `${shared}:/bound:rshared`, image, 'sh', '-c', make);
      assert.ok(existsSync(path.join(place, 'inside')));
      await host('umount', place);
      await output(
        '--cap-add=SYS_ADMIN',
        '--mount',
        `type=bind,source=${shared},target=/bound,bind-propagation=rslave`,
        image,
        'sh',
        '-c',
        make,
      );
      assert.ok(!existsSync(path.join(place, 'inside')));
      await output('--cap-add=SYS_ADMIN', '-v', `${shared}:/bound`, image, 'sh', '-c', make);
      assert.ok(!existsSync(path.join(place, 'inside')));
      const alone = path.join(here, 'private');
      const not = (kind: string): RegExp =>
        new RegExp(`path ${alone} is mounted on ${alone} but it is not a ${kind} mount`);
      await refused(not('shared'), '-v', `${alone}:/bound:shared`);
      await refused(not('shared or slave'), '-v', `${alone}:/bound:slave`);
      await refused(
        /invalid mode: rshared|field BindOptions must not be specified/,
        '-v',
        `named-${program}:/bound:rshared`,
      );
    });

    test('mounts what lies below a bind or not, as told', async () => {
      const alone = path.join(here, 'private');
      const mounted = (...flags: string[]): Promise<string> => {
        const bind = ['--mount', ['type=bind', `source=${alone}`, 'target=/b', ...flags].join(',')];
        return output(...bind, image, 'sh', '-c', 'grep -cE " /b(/below)? " /proc/self/mountinfo');
      };
      assert.equal(await mounted(), '2\n');
      assert.equal(await mounted('bind-nonrecursive'), '1\n');
    });

    test('tmpfs has the size, mode and options that it is given', async () => {
      const facts = (target: string): string => `stat -c %a ${target}; grep " ${target} " /proc/mounts`;
      const mount = 'type=tmpfs,target=/t,tmpfs-size=3m,tmpfs-mode=1700';
      const plain = await output('--mount', mount, image, 'sh', '-c', facts('/t'));
      assert.match(plain, /^1700\ntmpfs \/t tmpfs rw,nosuid,nodev,noexec,relatime,size=3072k,mode=1700/);
      const options = '/t:rw,exec,size=1m,uid=5,gid=6,mode=750,nr_inodes=100';
      const other = await output('--tmpfs', options, image, 'sh', '-c', facts('/t'));
      assert.match(
        other,
        /^750\ntmpfs \/t tmpfs rw,nosuid,nodev,relatime,size=1024k,nr_inodes=100,mode=750,uid=5,gid=6/,
      );
      await refused(/invalid tmpfs option/i, '--tmpfs', '/t:huge=always,nonsense');
    });

    test('a volume is not filled from the image with nocopy', async () => {
      assert.equal(
        await output('--mount', 'type=volume,target=/etc,volume-nocopy', image, 'ls', '/etc/passwd').catch(
          () => 'none',
        ),
        'none',
      );
      assert.equal(await output('-v', '/etc:nocopy', image, 'true').catch(() => 'refused'), 'refused');
      const filled = await output('--mount', 'type=volume,target=/root/../etc', image, 'cat', '/etc/group');
      assert.match(filled, /^root:x:0:/);
    });

    test('--storage-opt size is refused where the file system has no project quotas', async () => {
      await refused(
        /--storage-opt is supported only for overlay over xfs with 'pquota' mount option/,
        '--storage-opt',
        'size=1G',
      );
    });
  });

  if (peer !== undefined) continue;

  describe(`${program} run with mounts of newer Dockers`, () => {
    const only = needsDocker28(program);
    test('a read-only bind is read-only below too, unless told otherwise', only, async () => {
      const alone = path.join(here, 'private');
      const seen = async (...flags: string[]): Promise<string> => {
        const bind = ['type=bind', `source=${alone}`, 'target=/b', ...flags].join(',');
        return await output('--mount', bind, image, ...writable('/b', '/b/below'));
      };
      assert.equal(await seen(), '/b\n/b/below\n');
      assert.equal(await seen('readonly'), '');
      assert.equal(await seen('readonly', 'bind-recursive=enabled'), '');
      assert.equal(await seen('readonly', 'bind-recursive=writable'), '/b/below\n');
      assert.equal(await seen('readonly', 'bind-recursive=readonly', 'bind-propagation=rprivate'), '');
      assert.equal(await seen('bind-recursive=disabled'), '/b\n/b/below\n');
      await refused(
        /requires 'readonly'/,
        '--mount',
        `type=bind,source=${alone},target=/b,bind-recursive=readonly`,
      );
    });

    test('a part of a volume is mounted, and no link in it leads out', only, async () => {
      const volume = `parts-${program}`;
      const fill = 'mkdir -p /v/a/b; echo deep > /v/a/b/file; ln -s / /v/out; ln -s a/b /v/in';
      await output('-v', `${volume}:/v`, image, 'sh', '-c', fill);
      const seen = async (subpath: string, look: string): Promise<string> => {
        const mount = `type=volume,source=${volume},target=/part,volume-subpath=${subpath}`;
        return await output('--mount', mount, image, 'sh', '-c', look);
      };
      assert.equal(await seen('a/b', 'ls /part'), 'file\n');
      assert.equal(await seen('a/b/file', 'cat /part'), 'deep\n');
      assert.equal(await seen('in', 'cat /part/file; echo more > /part/new'), 'deep\n');
      assert.equal(await seen('out', 'ls /part'), 'a\nin\nout\n');
      const mount = (subpath: string): string =>
        `type=volume,source=${volume},target=/part,volume-subpath=${subpath}`;
      await refused(/cannot access path .*missing/, '--mount', mount('missing'));
      await refused(/must be a relative path within the volume/, '--mount', mount('../x'));
      await refused(/must be a relative path within the volume/, '--mount', mount('/a'));
      await call('volume', 'rm', volume);
    });

    test('an image is mounted read-only, or a part of it, and stays while it is used', only, async () => {
      const look = 'ls /i/bin/busybox /i/etc/passwd; touch /i/x 2>&1; cat /p';
      const mounts = [
        '--mount',
        `type=image,source=${image},target=/i`,
        '--mount',
        `type=image,source=${image},target=/p,image-subpath=etc/group`,
      ];
      const seen = await output(...mounts, image, 'sh', '-c', `${look}; true`);
      assert.match(seen, /^\/i\/bin\/busybox\n\/i\/etc\/passwd\ntouch: .*Read-only file system\nroot:x:0:/);
      const name = `imaged-${program}`;
      await call('create', '--name', name, ...mounts, image, 'cat', '/p');
      assert.equal(
        (await call('inspect', '-f', '{{range .Mounts}}{{.Type}} {{.Name}} {{.RW}};{{end}}', name)).stdout,
        'image mirror/busybox false;image mirror/busybox false;\n',
      );
      const copied = path.join(here, `copied-${program}`);
      assert.equal((await call('cp', `${name}:/i/etc/group`, copied)).exitCode, 0);
      assert.match(readFileSync(copied, 'utf8'), /^root:x:0:/);
      assert.match((await call('cp', copied, `${name}:/i/etc`)).stderr, /marked read-only/);
      assert.match((await call('start', '-a', name)).stdout, /^root:x:0:/);
      await call('rm', name);
      await refused(/No such image: nosuch/, '--mount', 'type=image,source=nosuch,target=/i');
    });
  });
}

if (peer === undefined) {
  test('a missing source is made only by -v and by CreateMountpoint', async () => {
    const made = path.join(here, 'made');
    const request = (CreateMountpoint: boolean): ContainerCreateRequest => ({
      Image: image,
      Cmd: ['true'],
      HostConfig: {
        Mounts: [{ Type: 'bind', Source: made, Target: '/made', BindOptions: { CreateMountpoint } }],
        NetworkMode: 'none',
      },
    });
    await assert.rejects(createContainer(daemon.api, request(false)), /bind source path does not exist/);
    const { Id: id } = await createContainer(daemon.api, request(true));
    await startContainer(daemon.api, id);
    await (await waitContainer(daemon.api, id)).result;
    assert.ok(existsSync(made));
    await removeContainer(daemon.api, id, { force: true });
  });

  test('tmpfs of a running container is copied from and to', async () => {
    const [file, name] = [path.join(here, 'file'), 'tmpfs'];
    writeFileSync(file, 'through memory');
    await daemon.ok('run', '-d', '--name', name, '--tmpfs', '/t', '--read-only', image, 'sleep', '1000');
    await daemon.ok('cp', file, `${name}:/t/copied`);
    assert.equal(await daemon.ok('exec', name, 'cat', '/t/copied'), 'through memory');
    await daemon.ok('cp', `${name}:/t/copied`, `${file}-back`);
    assert.equal(readFileSync(`${file}-back`, 'utf8'), 'through memory');
    await daemon.ok('rm', '-f', name);
  });
}
