import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { silentLogger } from '@gantry/base';
import { setXattr } from '@gantry/kernel';
import { LeakCheck, temporaryRoot } from '@gantry/testkit';
import { layerFile } from '../../testing/index.ts';
import { UnpackableFileError } from '../errors.ts';
import { openSnapshotter } from '../open-snapshotter.ts';
import { packDirectory } from './pack-directory.ts';

async function pack(directory: string): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of packDirectory(directory)) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

const digestOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

function makeTree(directory: string): void {
  mkdirSync(directory);
  const script = `
    mkdir -p b/deep a; printf 2 >b/2; printf 1 >b/1; ln b/1 b/deep/hard; ln -s ../nowhere a/soft; mknod a/dev c 1 3; mkfifo a/fifo
    truncate -s 20M sparse; printf data | dd of=sparse bs=1 seek=9000000 conv=notrunc status=none
    truncate -s 3M hole; head -c 2000000 /dev/zero >zeros; head -c 300 /dev/zero >few
    chown 70000:1 b/1; chmod 6711 b/1; chown -h 5:6 a/soft; printf x >"$(printf 'n\\377\\nl')"
    touch -h -d @5.000000007 a/soft b/1; touch -d @1000000000.123 b/deep b a sparse; chmod 700 b`;
  execFileSync('sh', ['-euc', script], { cwd: directory });
  setXattr(path.join(directory, 'b/1'), 'user.binary', Uint8Array.of(0, 10, 255));
  setXattr(path.join(directory, 'b'), 'trusted.x', Buffer.from('y'));
}

test('the same tree gives the same bytes, however it came to lie on the disk', async () => {
  await using folder = await temporaryRoot('pack');
  await using _leaks = await LeakCheck.begin({ tag: folder.path });
  const source = path.join(folder.path, 'source');
  makeTree(source);
  const bytes = await pack(source);
  assert.equal(digestOf(await pack(source)), digestOf(bytes));
  const copy = path.join(folder.path, 'copy');
  execFileSync('cp', ['-a', '--sparse=never', source, copy]);
  assert.equal(digestOf(await pack(copy)), digestOf(bytes));
  const mounted = path.join(folder.path, 'tmpfs');
  mkdirSync(mounted);
  execFileSync('mount', ['-t', 'tmpfs', 'none', mounted]);
  try {
    execFileSync('cp', ['-a', '--sparse=always', source, path.join(mounted, 'copy')]);
    assert.equal(digestOf(await pack(path.join(mounted, 'copy'))), digestOf(bytes));
  } finally {
    execFileSync('umount', [mounted]);
  }
});

test('unpacking what was packed and packing it again gives the same digest', async () => {
  await using folder = await temporaryRoot('pack');
  const source = path.join(folder.path, 'source');
  makeTree(source);
  execFileSync('chmod', ['751', source]);
  const bytes = await pack(source);
  await using snapshots = await openSnapshotter({
    root: path.join(folder.path, 'root'),
    logger: silentLogger,
  });
  const info = await snapshots.unpackLayer(layerFile(folder.path, bytes, { compression: 'zstd' }));
  assert.equal(digestOf(await pack(info.path)), digestOf(bytes));
  assert.ok(bytes.length < 600_000, `${bytes.length}`);
});

test('GNU tar unpacks it to the same tree', async () => {
  await using folder = await temporaryRoot('pack');
  const [source, target] = [path.join(folder.path, 'source'), path.join(folder.path, 'target')];
  makeTree(source);
  mkdirSync(target);
  writeFileSync(path.join(folder.path, 'x.tar'), await pack(source));
  const unpacking = ['--xattrs', '--xattrs-include=*', '-xpf', '../x.tar'];
  execFileSync('tar', unpacking, { cwd: target, stdio: 'pipe' });
  const list = (root: string): string[] =>
    execFileSync('find', ['.', '-mindepth', '1', '-printf', '%P %y %m %U %G %s %n %l %T@\n'], {
      cwd: root,
      encoding: 'latin1',
    })
      .split('\n')
      .sort();
  assert.deepEqual(list(target), list(source));
  execFileSync('cmp', [path.join(source, 'sparse'), path.join(target, 'sparse')]);
  assert.equal(digestOf(await pack(target)), digestOf(await pack(source)));
});

test("an overlay's upper directory is packed with the image's whiteouts, and means the same again", async () => {
  await using folder = await temporaryRoot('pack');
  await using snapshots = await openSnapshotter({
    root: path.join(folder.path, 'root'),
    logger: silentLogger,
  });
  const base = await snapshots.unpackLayer(
    layerFile(folder.path, [{ name: 'gone' }, { name: 'dir/old' }, { name: 'other/kept' }]),
  );
  await snapshots.create('one', [base.diffId]);
  const root = await snapshots.mount('one');
  execFileSync('sh', ['-euc', 'rm gone; rm -r dir; mkdir dir; echo x >dir/new; echo y >other/new'], {
    cwd: root,
  });
  await snapshots.unmount('one');
  const upper = path.join(folder.path, 'root/writable/one/upper');
  const bytes = await pack(upper);
  const names = execFileSync('tar', ['-tf', '-'], { input: bytes, encoding: 'utf8' });
  assert.equal(names, 'dir/\ndir/.wh..wh..opq\ndir/new\n.wh.gone\nother/\nother/new\n');
  const top = await snapshots.unpackLayer(layerFile(folder.path, bytes));
  await snapshots.create('two', [base.diffId, top.diffId]);
  const found = execFileSync('find', ['.', '-type', 'f'], {
    cwd: await snapshots.mount('two'),
    encoding: 'utf8',
  });
  assert.deepEqual(found.trim().split('\n').sort(), ['./dir/new', './other/kept', './other/new']);
  for (const id of await snapshots.list()) await snapshots.remove(id);
});

test('a name that would mean a removal is refused', async () => {
  await using folder = await temporaryRoot('pack');
  writeFileSync(path.join(folder.path, '.wh.x'), '');
  await assert.rejects(pack(folder.path), UnpackableFileError);
});
