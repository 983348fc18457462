import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { silentLogger } from '@gantry/base';
import { getXattr, statPath } from '@gantry/kernel';
import { type TarMember, type TemporaryRoot, temporaryRoot } from '@gantry/testkit';
import { layerFile } from '../../testing/index.ts';
import { openSnapshotter } from '../open-snapshotter.ts';
import type { LayerInfo, Snapshotter } from '../snapshotter.ts';

/* What a layer holds arrives as it was, and what overlayfs makes of it is what the image means. */

let folder: TemporaryRoot;
let snapshots: Snapshotter & AsyncDisposable;

before(async () => {
  folder = await temporaryRoot('content');
  snapshots = await openSnapshotter({ root: path.join(folder.path, 'root'), logger: silentLogger });
});

after(async () => {
  await snapshots[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

const unpack = (members: readonly TarMember[] | Uint8Array): Promise<LayerInfo> =>
  snapshots.unpackLayer(layerFile(folder.path, members));
const statIn = (info: LayerInfo, name: string) => statPath(path.join(info.path, name));

/** cap_net_raw+ep, version 2 (capabilities(7)). */
const capability = Buffer.from('0100000200200000000000000000000000000000', 'hex');

test('modes with setuid survive the change of owner, capabilities too', async () => {
  const info = await unpack([
    {
      name: 'su',
      content: 'x',
      mode: 0o6755,
      uid: 1000,
      gid: 1001,
      pax: { 'SCHILY.xattr.security.capability': capability },
    },
    { name: 'tmp/', type: 'directory', mode: 0o1777 },
    { name: 'mail/', type: 'directory', mode: 0o2775, gid: 8 },
    { name: 'mail/box', content: 'x', gid: 0 },
  ]);
  const su = statIn(info, 'su');
  assert.deepEqual([su.mode, su.uid, su.gid], [0o6755, 1000, 1001]);
  assert.deepEqual(
    Buffer.from(getXattr(path.join(info.path, 'su'), 'security.capability') ?? []),
    capability,
  );
  assert.equal(statIn(info, 'tmp').mode, 0o1777);
  assert.equal(statIn(info, 'mail').mode, 0o2775);
  assert.equal(statIn(info, 'mail/box').gid, 0);
});

test('times are kept to the nanosecond, those of directories too', async () => {
  const info = await unpack([
    { name: 'd/', type: 'directory', pax: { mtime: '1000000000.123456789' } },
    { name: 'd/file', content: 'x', pax: { mtime: '1.000000001', atime: '2.5' } },
    { name: 'd/link', type: 'symlink', linkName: 'x', pax: { mtime: '3.25' } },
    { name: 'd/old', content: 'x', pax: { mtime: '-1.5' } },
    { name: 'd/e/f/', type: 'directory', pax: { mtime: '4.5' } },
    { name: 'd/e/f/later', content: 'x' },
  ]);
  assert.equal(statIn(info, 'd').modifiedNs, 1_000_000_000_123_456_789n);
  assert.equal(statIn(info, 'd/file').modifiedNs, 1_000_000_001n);
  assert.equal(statIn(info, 'd/file').accessedNs, 2_500_000_000n);
  assert.equal(statIn(info, 'd/link').modifiedNs, 3_250_000_000n);
  assert.equal(statIn(info, 'd/old').modifiedNs, -1_500_000_000n);
  assert.equal(statIn(info, 'd/e/f').modifiedNs, 4_500_000_000n);
});

test('devices, FIFOs and links are made', async () => {
  const info = await unpack([
    { name: 'null', type: 'character-device', deviceMajor: 1, deviceMinor: 3, mode: 0o666, uid: 1 },
    { name: 'disk', type: 'block-device', deviceMajor: 259, deviceMinor: 70000, mode: 0o660 },
    { name: 'fifo', type: 'fifo', mode: 0o622 },
    { name: 'link', type: 'symlink', linkName: '../../anywhere', uid: 3, gid: 4 },
    { name: 'file', content: 'x' },
    { name: 'hard', type: 'hard-link', linkName: './file' },
    { name: 'absolute', type: 'hard-link', linkName: '/file' },
  ]);
  assert.deepEqual(statIn(info, 'null').target, { major: 1, minor: 3 });
  assert.deepEqual([statIn(info, 'null').mode, statIn(info, 'null').uid], [0o666, 1]);
  assert.deepEqual(statIn(info, 'disk').target, { major: 259, minor: 70000 });
  assert.equal(statIn(info, 'disk').kind, 'block');
  assert.deepEqual([statIn(info, 'fifo').kind, statIn(info, 'fifo').mode], ['fifo', 0o622]);
  assert.equal(readlinkSync(path.join(info.path, 'link')), '../../anywhere');
  assert.deepEqual([statIn(info, 'link').uid, statIn(info, 'link').gid], [3, 4]);
  assert.equal(statIn(info, 'file').links, 3);
  assert.equal(statIn(info, 'hard').inode, statIn(info, 'absolute').inode);
});

test('names of 255 bytes, names that are not UTF-8, names with a newline', async () => {
  const names = [
    Buffer.alloc(255, 'n'),
    Buffer.from([0xff, 0xfe, 0x80]),
    Buffer.from('new\nline'),
    Buffer.from('文'),
  ];
  const info = await unpack(names.map((name) => ({ name })));
  const found = readdirSync(info.path, { encoding: 'buffer' }).map((name) => name.toString('hex'));
  assert.deepEqual(found.sort(), names.map((name) => name.toString('hex')).sort());
});

test('missing parents are made, and an entry that comes later gives them their owner', async () => {
  const info = await unpack([
    { name: 'a/b/file', content: 'x' },
    { name: 'a/', type: 'directory', mode: 0o700, uid: 9 },
  ]);
  assert.deepEqual([statIn(info, 'a').mode, statIn(info, 'a').uid], [0o700, 9]);
  assert.deepEqual([statIn(info, 'a/b').mode, statIn(info, 'a/b').uid], [0o755, 0]);
});

test('of duplicate entries the last one counts, whatever kind it is', async () => {
  const info = await unpack([
    { name: 'x', content: 'first' },
    { name: 'x', content: '2' },
    { name: 'file', content: 'x' },
    { name: 'file/', type: 'directory' },
    { name: 'file/in', content: 'x' },
    { name: 'dir/deep/er', content: 'x' },
    { name: 'dir', type: 'symlink', linkName: 'x' },
    { name: 'fifo/a', content: 'x' },
    { name: 'fifo', type: 'fifo' },
    { name: 'linked', content: 'keep' },
    { name: 'linked2', type: 'hard-link', linkName: 'linked' },
    { name: 'linked2', content: 'new' },
    { name: 'same/', type: 'directory', mode: 0o700 },
    { name: 'same/child', content: 'x' },
    { name: 'same/', type: 'directory', mode: 0o711 },
  ]);
  assert.equal(readFileSync(path.join(info.path, 'x'), 'utf8'), '2');
  assert.deepEqual(readdirSync(path.join(info.path, 'file')), ['in']);
  assert.equal(statIn(info, 'dir').kind, 'symlink');
  assert.equal(statIn(info, 'fifo').kind, 'fifo');
  assert.equal(readFileSync(path.join(info.path, 'linked'), 'utf8'), 'keep');
  assert.deepEqual(
    [statIn(info, 'same').mode, readdirSync(path.join(info.path, 'same'))],
    [0o711, ['child']],
  );
});

test('a whiteout hides what is below, and never what its own layer brings', async () => {
  const base = await unpack([
    { name: 'd/old', content: 'x' },
    { name: 'e/old', content: 'x' },
    { name: 'f/old', content: 'x' },
    { name: 'g', content: 'old' },
  ]);
  const top = await unpack([
    { name: '.wh.d' },
    { name: 'd/', type: 'directory' },
    { name: 'd/new', content: 'x' },
    { name: 'e/new', content: 'x' },
    { name: '.wh.e' },
    { name: '.wh.f' },
    { name: 'f/new', content: 'x' },
    { name: 'g', content: 'new' },
    { name: '.wh.g' },
  ]);
  await snapshots.create('own', [base.diffId, top.diffId]);
  const root = await snapshots.mount('own');
  for (const name of ['d', 'e', 'f']) assert.deepEqual(readdirSync(path.join(root, name)), ['new'], name);
  assert.equal(readFileSync(path.join(root, 'g'), 'utf8'), 'new');
  await snapshots.remove('own');
});

test("aufs' metadata is left out, and a file of it is not written anywhere", async () => {
  const info = await unpack([
    { name: '.wh..wh.aufs', content: 'x' },
    { name: '.wh..wh.plnk/', type: 'directory' },
    { name: '.wh..wh.plnk/1.2', content: 'x' },
    { name: 'file', content: 'kept' },
  ]);
  assert.deepEqual(readdirSync(info.path), ['file']);
  assert.equal(info.sizeBytes, 4);
});

test('an archive of GNU tar with everything arrives as GNU tar itself unpacks it', async () => {
  const source = path.join(folder.path, 'source');
  const expected = path.join(folder.path, 'expected');
  const script = `
    mkdir -p "$1/sub/dir" "$2"; cd "$1"; echo hi >sub/file; ln sub/file sub/dir/hard; ln -s ../x sub/soft
    truncate -s 8M sparse; printf end | dd of=sparse bs=1 seek=5000000 conv=notrunc status=none; mkfifo fifo
    mknod dev c 5 1; chown 70000:80000 sub/file; chmod 4711 sub/file; setfattr -n user.x -v 0x00ff sub/file 2>/dev/null || true
    n=$(printf 'l%.0s' $(seq 200)); echo long >$n; touch -d @1.5 sub/dir
    tar --format=$3 --sparse --xattrs -cf ../$3.tar . ; tar --xattrs --xattrs-include='*' -xpf ../$3.tar -C "$2"`;
  for (const format of ['pax', 'gnu']) {
    const target = `${expected}-${format}`;
    execFileSync('sh', ['-euc', script, 'sh', `${source}-${format}`, target, format], { cwd: folder.path });
    const info = await unpack(readFileSync(path.join(folder.path, `${format}.tar`)));
    const compared = ['-r', '--no-dereference', '-x', 'fifo', '-x', 'dev', target, info.path];
    execFileSync('diff', compared, { stdio: 'pipe' });
    const list = (root: string): string =>
      execFileSync('find', ['.', '-printf', '%P %y %m %U %G %s %n %l %T@\n'], { cwd: root }).toString();
    const lines = (root: string): string[] => list(root).split('\n').sort();
    assert.deepEqual(lines(info.path), lines(target));
    assert.ok(statIn(info, 'sparse').allocatedBytes < 1_000_000);
  }
});
