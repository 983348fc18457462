import assert from 'node:assert/strict';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { loadBusybox } from '../support/busybox-image.ts';
import { type Finished, type RunOptions, run } from '../support/processes.ts';
import { programs, TestDaemon } from '../support/test-daemon.ts';

let daemon: TestDaemon;
/** A directory of this machine to copy from and to. */
let here: string;
before(async () => {
  daemon = await TestDaemon.start();
  await loadBusybox(daemon);
  here = mkdtempSync('/tmp/gantry-copy-');
});
after(async () => {
  rmSync(here, { recursive: true, force: true });
  await daemon[Symbol.asyncDispose]();
});

const image = 'mirror/busybox';
const content = [
  'mkdir -p /data/deep/empty /home',
  'echo one > /data/one',
  'echo two > /data/deep/two',
  'chown 12:34 /data/one; chmod 640 /data/one',
  'ln /data/one /data/hard',
  'ln -s deep /data/link',
  'ln -s /data/one /data/absolute',
  'ln -s nowhere /data/dangling',
  'mknod /home/device c 1 3',
  'echo volume > /volume/file',
].join('; ');

/** Everything here is true of our CLI and of the docker CLI alike. */
for (const program of programs) {
  describe(`${program} cp`, () => {
    const name = `copied-${program}`;
    let local: string;
    before(async () => {
      local = path.join(here, program);
      mkdirSync(local);
      const bound = path.join(local, 'bound');
      mkdirSync(bound);
      writeFileSync(path.join(bound, 'file'), 'bound');
      const mounts = ['-v', '/volume', '-v', `${bound}:/bound`, '-v', `${bound}:/fixed:ro`];
      const script = `${content}; exec sleep 1000`;
      await daemon.ok('run', '-d', '--name', name, '--network', 'none', ...mounts, image, 'sh', '-c', script);
      await daemon.ok('exec', name, 'sh', '-c', 'until [ -e /volume/file ]; do usleep 10000; done');
    });
    after(() => daemon.ok('rm', '-f', '-v', name));

    const call = (args: string[], options?: RunOptions): Promise<Finished> => daemon[program](args, options);
    const copy = async (...args: string[]): Promise<string> => {
      const finished = await call(['cp', ...args]);
      assert.equal(finished.exitCode, 0, finished.stderr);
      return finished.stderr;
    };
    const refused = async (message: RegExp, ...args: string[]): Promise<void> => {
      const finished = await call(['cp', ...args]);
      assert.equal(finished.exitCode, 1, finished.stdout);
      assert.match(finished.stderr, message);
    };
    const inside = async (...args: string[]): Promise<string> => await daemon.ok('exec', name, ...args);
    const at = (...parts: string[]): string => path.join(local, ...parts);
    const text = (...parts: string[]): string => readFileSync(at(...parts), 'utf8');

    for (const state of ['runs', 'is stopped']) {
      test(`reads files, directories and links of a container that ${state}`, async () => {
        if (state === 'is stopped') await daemon.ok('stop', '-t', '0', name);
        const to = (directory: string): string => at(`${state} ${directory}`);
        await copy(`${name}:/data/one`, to('file'));
        assert.equal(readFileSync(to('file'), 'utf8'), 'one\n');
        assert.equal(lstatSync(to('file')).mode & 0o777, 0o640);
        await copy(`${name}:data`, to('new'));
        assert.equal(readFileSync(`${to('new')}/deep/two`, 'utf8'), 'two\n');
        assert.equal(lstatSync(`${to('new')}/hard`).ino, lstatSync(`${to('new')}/one`).ino);
        assert.equal(readlinkSync(`${to('new')}/dangling`), 'nowhere');
        mkdirSync(to('there'));
        await copy(`${name}:/data/`, to('there'));
        assert.ok(existsSync(`${to('there')}/data/deep/empty`));
        await copy(`${name}:/data/deep/.`, to('there'));
        assert.equal(readFileSync(`${to('there')}/two`, 'utf8'), 'two\n');
        await copy(`${name}:/volume/file`, to('volume'));
        assert.equal(readFileSync(to('volume'), 'utf8'), 'volume\n');
        await copy(`${name}:/bound/file`, to('bound'));
        assert.equal(readFileSync(to('bound'), 'utf8'), 'bound');
        await copy(`${name}:/etc/hosts`, to('hosts'));
        assert.match(readFileSync(to('hosts'), 'utf8'), /localhost/);
        if (state === 'is stopped') await daemon.ok('start', name);
      });
    }

    test('gives zeros as bytes, for many programs know no archives with holes', async () => {
      await inside('sh', '-c', 'head -c 3000000 /dev/zero > /zeros');
      const archive = await call(['cp', `${name}:/zeros`, '-']);
      const listed = await run('busybox', ['tar', '-tvf', '-'], { stdin: archive.stdoutBytes });
      assert.match(listed.stdout, / 3000000 .* zeros$/m);
      await inside('rm', '/zeros');
    });

    test('follows a link only with -L, and keeps the name that was asked for', async () => {
      await copy(`${name}:/data/link`, at('kept'));
      assert.equal(readlinkSync(at('kept')), 'deep');
      await copy('-L', `${name}:/data/link`, at('followed'));
      assert.equal(text('followed', 'two'), 'two\n');
      mkdirSync(at('into'));
      await copy('-L', `${name}:/data/absolute`, at('into'));
      assert.equal(text('into', 'absolute'), 'one\n');
      await copy(`${name}:/data/link/`, at('into'));
      assert.equal(text('into', 'link', 'two'), 'two\n');
    });

    test('writes files, directories and their content', async () => {
      mkdirSync(at('source', 'sub'), { recursive: true });
      writeFileSync(at('source', 'file'), 'from here', { mode: 0o600 });
      symlinkSync('file', at('source', 'link'));
      assert.equal(await copy(at('source'), `${name}:/home`), '');
      assert.equal(await inside('cat', '/home/source/file', '/home/source/link'), 'from herefrom here');
      assert.equal(await inside('stat', '-c', '%a %F', '/home/source/file'), '600 regular file');
      assert.equal(await copy(`${at('source')}/.`, `${name}:/home`), '');
      assert.equal(await inside('readlink', '/home/link'), 'file');
      await copy(at('source'), `${name}:/home/renamed`);
      assert.equal(await inside('cat', '/home/renamed/file'), 'from here');
      await copy(at('source', 'file'), `${name}:/home/other`);
      assert.equal(await inside('cat', '/home/other'), 'from here');
      await copy(at('source', 'link'), `${name}:/home/copied`);
      assert.equal(await inside('readlink', '/home/copied'), 'file');
      await copy('-L', at('source', 'link'), `${name}:/home/followed`);
      assert.equal(await inside('cat', '/home/followed'), 'from here');
      await copy(at('source', 'file'), `${name}:/data/link`);
      assert.equal(await inside('cat', '/data/deep/file'), 'from here');
      await copy(at('source', 'file'), `${name}:/volume`);
      await copy(at('source', 'file'), `${name}:/bound/written`);
      assert.equal(text('bound', 'written'), 'from here');
      assert.equal(await inside('cat', '/volume/file'), 'from here');
    });

    test('writes a tar from standard input, and one to standard output', async () => {
      const archive = await call(['cp', `${name}:/data`, '-']);
      assert.equal(archive.exitCode, 0, archive.stderr);
      const listed = await run('tar', ['--numeric-owner', '-tvf', '-'], { stdin: archive.stdoutBytes });
      assert.match(
        listed.stdout,
        /^-rw-r----- 12\/34 +4 .* data\/one$|^hrw-r----- 12\/34 .* data\/one link to data\/hard$/m,
      );
      const taken = await call(['cp', '-', `${name}:/home`], { stdin: archive.stdoutBytes });
      assert.equal(taken.exitCode, 0, taken.stderr);
      assert.equal(await inside('stat', '-c', '%u:%g %h', '/home/data/one'), '12:34 2');
    });

    test('what cannot be is refused, in words that name it', async () => {
      // Docker's CLI of before 23 had words of its own for a 404.
      await refused(/(Could not find the file|No such container:path).*nowhere/, `${name}:/nowhere`, at('x'));
      await refused(/No such container.*nobody/, 'nobody:/etc', at('x'));
      await refused(/no such file or directory/, at('missing'), `${name}:/`);
      await refused(/marked read-only/, at('bound'), `${name}:/fixed`);
      await refused(/cannot copy directory/, at('bound'), `${name}:/data/one`);
      await refused(/cannot copy directory/, `${name}:/data/deep`, at('bound', 'file'));
      await refused(/no such directory/, at('bound', 'file'), `${name}:/home/none/`);
      await refused(
        /Could not find the file|No such container:path/,
        at('bound', 'file'),
        `${name}:/home/none/file`,
      );
      await refused(/does not exist/, `${name}:/data/one`, at('none', 'one'));
      await refused(/copying between containers is not supported/, `${name}:/a`, `${name}:/b`);
      await refused(/must specify at least one container source/, at('a'), at('b'));
      await refused(/must be a directory or a regular file/, at('bound'), `${name}:/home/device`);
      mkdirSync(at('clash', 'one'), { recursive: true });
      await refused(
        /cannot overwrite non-directory ".*one" with directory/,
        `${at('clash')}/.`,
        `${name}:/data`,
      );
      writeFileSync(at('deep'), '');
      await refused(/cannot overwrite directory ".*deep" with non-directory/, at('deep'), `${name}:/data`);
    });

    test('a read-only container takes files in its volumes only', async () => {
      const fixed = `fixed-${program}`;
      await daemon.ok('create', '--name', fixed, '--read-only', '-v', '/volume', image, 'true');
      await refused(/container rootfs is marked read-only/, at('bound', 'file'), `${fixed}:/tmp`);
      await copy(at('bound', 'file'), `${fixed}:/volume/file`);
      await copy(`${fixed}:/volume/file`, at('back'));
      assert.equal(text('back'), 'bound');
      await daemon.ok('rm', '-v', fixed);
    });
  });

  describe(`${program} diff and export`, () => {
    const call = (...args: string[]): Promise<Finished> => daemon[program](args);

    test('tell what a container changed, and give its files without what is mounted', async () => {
      const script =
        'echo x > /etc/new; rm /etc/group; chmod 700 /home; mkdir /made; echo y > /made/file; echo z > /volume/hidden';
      const id = await daemon.ok('create', '-v', '/volume', image, 'sh', '-c', script);
      await daemon.ok('start', '-a', id);
      const { stdout } = await call('diff', id);
      const lines = [
        'A /etc/new',
        'A /made',
        'A /made/file',
        'A /volume',
        'C /etc',
        'C /home',
        'D /etc/group',
      ];
      assert.deepEqual(stdout.trim().split('\n').sort(), lines);
      const file = path.join(here, `export-${program}.tar`);
      assert.equal((await call('export', '-o', file, id)).exitCode, 0);
      const listed = (await run('tar', ['-tf', file])).stdout.split('\n');
      assert.ok(listed.includes('.dockerenv'));
      for (const kept of ['bin/busybox', 'etc/new', 'made/file', 'volume/'])
        assert.ok(listed.includes(kept), kept);
      for (const gone of ['etc/group', 'volume/hidden']) assert.ok(!listed.includes(gone), gone);
      const piped = await call('export', id);
      assert.deepEqual(piped.stdoutBytes.length, readFileSync(file).length);
      await daemon.ok('rm', '-v', id);
      assert.match((await call('diff', id)).stderr, /No such container/);
      assert.match((await call('export', id)).stderr, /No such container/);
    });

    test('copies and exports are told as events', async () => {
      const since = String(Math.floor(Date.now() / 1000));
      const id = await daemon.ok('create', image, 'true');
      const file = path.join(here, `told-${program}`);
      assert.equal((await call('cp', `${id}:/etc/group`, file)).exitCode, 0);
      assert.equal((await call('cp', file, `${id}:/tmp`)).exitCode, 0);
      assert.equal((await call('export', '-o', file, id)).exitCode, 0);
      const until = String(Math.ceil(Date.now() / 1000) + 1);
      const range = ['--since', since, '--until', until, '--filter', `container=${id}`];
      const told = await call('events', ...range, '--format', '{{.Action}}');
      assert.equal(told.stdout, 'create\narchive-path\nextract-to-dir\nexport\n');
      await daemon.ok('rm', id);
    });

    test('ps and inspect tell the size when they are asked', async () => {
      const id = await daemon.ok(
        'run',
        '-d',
        image,
        'sh',
        '-c',
        'dd if=/dev/zero of=/big bs=1000 count=3; sleep 1000',
      );
      await daemon.ok('exec', id, 'sh', '-c', 'until [ $(stat -c %s /big) = 3000 ]; do usleep 10000; done');
      const shown = await call('ps', '-s', '--filter', `id=${id}`, '--format', '{{.Size}}');
      assert.match(shown.stdout, /^3kB \(virtual [\d.]+MB\)\n$/);
      const sized = await call('inspect', '-s', '-f', '{{.SizeRw}}', id);
      assert.equal(sized.stdout, '3000\n', sized.stderr);
      await daemon.ok('rm', '-f', id);
    });
  });
}
