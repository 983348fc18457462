import assert from 'node:assert/strict';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { silentLogger } from '@gantry/base';
import { type TarMember, type TemporaryRoot, temporaryRoot } from '@gantry/testkit';
import { type LayerFileOptions, layerFile } from '../../testing/index.ts';
import { CorruptLayerError, LayerTooLargeError, UnsafeLayerError } from '../errors.ts';
import { openSnapshotter } from '../open-snapshotter.ts';
import type { LayerInfo, PackedLayer, Snapshotter } from '../snapshotter.ts';

/* Layers that mean harm (or are broken): a clear error that names the entry, nothing kept, nothing outside touched. */

let folder: TemporaryRoot;
let snapshots: Snapshotter & AsyncDisposable;
let victim: string;

before(async () => {
  folder = await temporaryRoot('unsafe');
  snapshots = await openSnapshotter({ root: path.join(folder.path, 'root'), logger: silentLogger });
  victim = path.join(folder.path, 'victim');
  mkdirSync(victim);
  writeFileSync(path.join(victim, 'file'), 'untouched', { mode: 0o600 });
});

after(async () => {
  await snapshots[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

type Content = readonly TarMember[] | Uint8Array;

function unpack(content: Content, options: LayerFileOptions & Partial<PackedLayer> = {}): Promise<LayerInfo> {
  const { compression, damage, ...rest } = options;
  const file = layerFile(folder.path, content, {
    ...(compression === undefined ? {} : { compression }),
    ...(damage === undefined ? {} : { damage }),
  });
  return snapshots.unpackLayer({ ...file, ...rest });
}

type LayerErrorClass = new (...args: never[]) => Error & { details: Readonly<Record<string, unknown>> };

async function refused(
  promise: Promise<unknown>,
  errorClass: LayerErrorClass,
  entry?: string,
): Promise<void> {
  await assert.rejects(promise, (error) => {
    assert.ok(error instanceof errorClass, String(error));
    if (entry !== undefined) assert.equal(error.details['entry'], entry);
    return true;
  });
  assert.equal(readFileSync(path.join(victim, 'file'), 'utf8'), 'untouched');
  assert.deepEqual(readdirSync(victim), ['file']);
  assert.equal(statSync(path.join(victim, 'file')).mode & 0o7777, 0o600);
  assert.equal(statSync(path.join(victim, 'file')).nlink, 1);
  assert.deepEqual(readdirSync(path.join(folder.path, 'root/incoming')), []);
}

/** From the layer's directory, wherever it is unpacked, to the victim. */
const climb = '../../../../victim';

test('a name that climbs out is refused', async () => {
  for (const name of ['../x', 'a/../../x', `${climb}/file`, '/../x', '..'])
    await refused(unpack([{ name, content: 'evil' }]), UnsafeLayerError, name);
});

test('an absolute name is taken below the layer', async () => {
  const info = await unpack([{ name: `${victim}/file`, content: 'inside' }]);
  assert.equal(readFileSync(path.join(info.path, victim, 'file'), 'utf8'), 'inside');
  assert.equal(readFileSync(path.join(victim, 'file'), 'utf8'), 'untouched');
});

test('writing through a link that leads out is refused', async () => {
  for (const linkName of [victim, climb, '/', '..', '/proc/self/root', 'a/../..']) {
    for (const member of [
      { name: 'link/file', content: 'evil' },
      { name: 'link/new/', type: 'directory' },
      { name: 'link/.wh.file' },
      { name: 'link/.wh..wh..opq' },
      { name: 'link/sym', type: 'symlink', linkName: 'x' },
      { name: 'link/dev', type: 'character-device', deviceMajor: 1, deviceMinor: 3 },
    ] as const) {
      const members: TarMember[] = [
        { name: 'a/', type: 'directory' },
        { name: 'link', type: 'symlink', linkName },
        member,
      ];
      await refused(unpack(members), UnsafeLayerError, member.name);
    }
  }
});

test('a link that stays inside is followed', async () => {
  const info = await unpack([
    { name: 'usr/lib/', type: 'directory' },
    { name: 'lib', type: 'symlink', linkName: 'usr/lib' },
    { name: 'lib/file', content: 'x' },
    { name: 'usr/up', type: 'symlink', linkName: '../usr/lib/../lib' },
    { name: 'usr/up/other', content: 'y' },
  ]);
  assert.deepEqual(readdirSync(path.join(info.path, 'usr/lib')).sort(), ['file', 'other']);
  assert.ok(lstatSync(path.join(info.path, 'lib')).isSymbolicLink());
});

test('a last link is replaced, never written through', async () => {
  const info = await unpack([
    { name: 'a', type: 'symlink', linkName: path.join(victim, 'file') },
    { name: 'a', content: 'inside', mode: 0o777, uid: 5 },
    { name: 'b', type: 'symlink', linkName: victim },
    { name: 'b/', type: 'directory', mode: 0o777 },
    { name: 'b/file', content: 'inside' },
  ]);
  assert.equal(readFileSync(path.join(info.path, 'a'), 'utf8'), 'inside');
  assert.equal(readFileSync(path.join(info.path, 'b/file'), 'utf8'), 'inside');
  assert.equal(readFileSync(path.join(victim, 'file'), 'utf8'), 'untouched');
  assert.equal(statSync(path.join(victim, 'file')).mode & 0o7777, 0o600);
});

test('a hard link to outside is refused', async () => {
  for (const linkName of [`${climb}/file`, `${victim}/file`, '/etc/passwd', 'missing', '..', '/', './'])
    await refused(unpack([{ name: 'evil', type: 'hard-link', linkName }]), UnsafeLayerError, 'evil');
});

test('a hard link to a directory is refused', async () => {
  const members: TarMember[] = [
    { name: 'dir/', type: 'directory' },
    { name: 'evil', type: 'hard-link', linkName: 'dir' },
  ];
  await refused(unpack(members), UnsafeLayerError, 'evil');
});

test('a hard link through a link to outside is refused', async () => {
  await refused(
    unpack([
      { name: 'dir', type: 'symlink', linkName: victim },
      { name: 'evil', type: 'hard-link', linkName: 'dir/file' },
    ]),
    UnsafeLayerError,
    'evil',
  );
});

test('a hard link to a symbolic link is a name of the link, and what follows writes beside it', async () => {
  const info = await unpack([
    { name: 'sym', type: 'symlink', linkName: path.join(victim, 'file') },
    { name: 'hard', type: 'hard-link', linkName: 'sym' },
    { name: 'hard', content: 'inside' },
    { name: 'self', content: 'kept' },
    { name: 'self', type: 'hard-link', linkName: 'self' },
  ]);
  assert.ok(lstatSync(path.join(info.path, 'sym')).isSymbolicLink());
  assert.equal(readFileSync(path.join(info.path, 'hard'), 'utf8'), 'inside');
  assert.equal(readFileSync(path.join(info.path, 'self'), 'utf8'), 'kept');
});

test('a whiteout of no name, of .. and of the root is refused', async () => {
  for (const name of ['.wh.', '.wh..', '.wh...', 'a/.wh...', 'a/.wh..'])
    await refused(unpack([{ name }]), UnsafeLayerError, name);
});

test('a whiteout of what no layer has is harmless', async () => {
  const { diffId } = await unpack([{ name: '.wh.missing' }, { name: 'deep/er/.wh.missing' }]);
  await snapshots.create('whiteout', [diffId]);
  const root = await snapshots.mount('whiteout');
  assert.ok(!existsSync(path.join(root, 'missing')));
  assert.ok(!existsSync(path.join(root, 'deep/er/missing')));
  await snapshots.remove('whiteout');
});

test('the root is a directory for good', async () => {
  for (const type of ['file', 'symlink', 'character-device', 'fifo'] as const)
    await refused(unpack([{ name: './', type, linkName: victim }]), UnsafeLayerError, './');
});

test("overlayfs' own attributes are dropped, whatever they say", async () => {
  const info = await unpack([
    {
      name: 'dir/',
      type: 'directory',
      pax: {
        'SCHILY.xattr.trusted.overlay.redirect': '/etc',
        'SCHILY.xattr.trusted.overlay.opaque': 'y',
        'SCHILY.xattr.user.overlay.opaque': 'y',
        'SCHILY.xattr.trusted.kept': 'yes',
      },
    },
  ]);
  const { listXattrs } = await import('@gantry/kernel');
  assert.deepEqual(listXattrs(path.join(info.path, 'dir')), ['trusted.kept']);
});

test('a file in the place of a parent directory is named', async () => {
  await refused(unpack([{ name: 'a' }, { name: 'a/b' }]), CorruptLayerError, 'a/b');
});

test('a name that no file system holds is refused', async () => {
  const long = 'x'.repeat(256);
  await refused(unpack([{ name: long }]), CorruptLayerError, long);
  const deep = 'd/'.repeat(3000);
  await refused(unpack([{ name: deep, type: 'directory' }]), CorruptLayerError, deep);
});

test('a uid that nobody can have is refused', async () => {
  for (const uid of ['4294967295', '4294967296', '18446744073709551615', '-1'])
    await refused(unpack([{ name: 'a', pax: { uid } }]), CorruptLayerError);
  const info = await unpack([{ name: 'a', pax: { uid: '4294967294', gid: '4294967294' } }]);
  assert.equal(statSync(path.join(info.path, 'a')).uid, 4294967294);
});

test('a truncated blob is refused, in every compression', async () => {
  const members = [
    { name: 'a', content: Buffer.from(Array.from({ length: 50_000 }, (_, i) => (i * i) % 251)) },
  ];
  for (const compression of ['none', 'gzip', 'zstd'] as const) {
    for (const share of [0.5, 0.9]) {
      const damage = (blob: Buffer): Uint8Array => blob.subarray(0, Math.floor(blob.length * share));
      await refused(unpack(members, { compression, damage }), CorruptLayerError);
    }
    const empty = (): Uint8Array => Buffer.alloc(0);
    if (compression !== 'none')
      await refused(unpack(members, { compression, damage: empty }), CorruptLayerError);
  }
});

test('what follows a compressed blob is refused', async () => {
  for (const compression of ['gzip', 'zstd'] as const) {
    const damage = (blob: Buffer): Uint8Array => Buffer.concat([blob, Buffer.from('garbage')]);
    await refused(unpack([{ name: 'a', content: compression }], { compression, damage }), CorruptLayerError);
  }
});

test('a bomb is bounded', async () => {
  const content = Buffer.alloc(20_000_000);
  for (const compression of ['none', 'gzip', 'zstd'] as const) {
    const bomb = unpack([{ name: 'bomb', content }], { compression, maxBytes: 10_000_000 });
    await refused(bomb, LayerTooLargeError);
  }
  const many = Array.from({ length: 100 }, (_, index) => ({ name: `f${index}` }));
  await refused(unpack(many, { maxEntries: 99 }), LayerTooLargeError);
  assert.equal((await unpack(many, { maxEntries: 100 })).entries, 100);
});

test('a sparse bomb costs no space', async () => {
  const sparse = {
    'GNU.sparse.name': 'huge',
    'GNU.sparse.size': String(2 ** 40),
    'GNU.sparse.numblocks': '1',
    'GNU.sparse.map': `${2 ** 40 - 3},3`,
  };
  const info = await unpack([{ name: 'x', pax: sparse, content: 'end' }]);
  const stat = statSync(path.join(info.path, 'huge'));
  assert.equal(stat.size, 2 ** 40);
  assert.ok(stat.blocks < 100);
  assert.equal(info.sizeBytes, 3);
});
