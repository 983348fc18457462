import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { Directory, RootedTree, setXattr, type TreePath } from '@gantry/kernel';
import { LeakCheck, type TarMember, tarArchive, temporaryRoot } from '@gantry/testkit';
import { InvalidBuildError } from '../errors.ts';
import { ArchiveTree } from './archive-tree.ts';
import { MountedTree } from './layered-files.ts';
import type { SourceTree } from './source-tree.ts';
import { spoolArchive } from './spool-archive.ts';

const { signal } = new AbortController();

function makeTree(directory: string): void {
  mkdirSync(directory);
  const script = `
    mkdir -p b/deep a; printf 2 >b/2; printf 1 >b/1; ln b/1 b/deep/hard; ln -s ../nowhere a/soft; mknod a/dev c 1 3; mkfifo a/fifo
    ln -s b/deep to; ln -s /b rooted; ln -s ../../.. b/out; ln -s loop loop
    truncate -s 20M sparse; printf data | dd of=sparse bs=1 seek=9000000 conv=notrunc status=none
    head -c 2000000 /dev/zero >zeros; head -c 300 /dev/zero >few; head -c 200000 /dev/urandom >large
    chown 70000:1 b/1; chmod 6711 b/1; chown -h 5:6 a/soft; printf x >"$(printf 'n\\377\\nl')"
    touch -h -d @5.000000007 a/soft b/1; touch -d @1000000000.123 b/deep b a sparse; chmod 700 b`;
  execFileSync('sh', ['-euc', script], { cwd: directory });
  setXattr(path.join(directory, 'b/1'), 'user.binary', Uint8Array.of(0, 10, 255));
}

async function digestOf(bytes: AsyncIterable<Uint8Array>): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of bytes) hash.update(chunk);
  return hash.digest('hex');
}

async function* inPieces(bytes: Buffer, pieceBytes: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += pieceBytes)
    yield Buffer.from(bytes.subarray(at, at + pieceBytes));
}

test('files in an archive are the files that it unpacks to', async () => {
  await using folder = await temporaryRoot('sources');
  await using _leaks = await LeakCheck.begin({ tag: folder.path });
  const directory = path.join(folder.path, 'tree');
  makeTree(directory);
  const file = path.join(folder.path, 'x.tar');
  const packing = ['--format=posix', '--xattrs', '--sparse', '-cf', file, '-C', directory, '.'];
  execFileSync('tar', packing, { stdio: 'pipe' });
  await using opened = new AsyncDisposableStack();
  const spooled = await spoolArchive(createReadStream(file), { directory: folder.path, opened, signal });
  const archived: SourceTree = new ArchiveTree(spooled.index.root);
  using rooted = new RootedTree(Directory.openPath(directory));
  const mounted: SourceTree = new MountedTree(rooted);
  assert.deepEqual(readdirSync(folder.path).sort(), ['tree', 'x.tar']);

  for (const source of ['', 'b', 'b/1', 'b/deep/hard', 'sparse', 'a/soft', 'large']) {
    const at = source.split('/').filter(Boolean);
    // The root is no member: its time is not known.
    const contents = {
      at,
      name: 'x',
      adjust: (place: TreePath) => (place.length === 0 ? 'enter' : {}),
    } as const;
    const adjusted = { at, name: 'x', adjust: () => ({ modifiedNs: 0n, uid: 7 }) };
    for (const options of [contents, adjusted])
      assert.equal(await digestOf(archived.pack(options)), await digestOf(mounted.pack(options)), source);
  }
  for (const place of ['to/hard', 'rooted/1', 'b/out/b', '../../b', 'nothing/below', 'a/soft', '.', 'to/..'])
    assert.deepEqual(archived.resolve(place), mounted.resolve(place), place);
  for (const tree of [archived, mounted]) assert.throws(() => tree.resolve('loop'), /ELOOP/);
  for (const place of [[], ['b'], ['b', '1'], ['a', 'soft'], ['no'], ['b', '1', 'no']]) {
    assert.deepEqual(archived.names(place), mounted.names(place), place.join('/'));
    const [ours, theirs] = [archived.stat(place), mounted.stat(place)];
    assert.equal(ours?.kind, theirs?.kind, place.join('/'));
    assert.equal(ours?.mode, theirs?.mode, place.join('/'));
    if (place.length > 0) assert.equal(ours?.modifiedNs, theirs?.modifiedNs, place.join('/'));
  }
  for (const tree of [archived, mounted])
    assert.equal(Buffer.from(tree.linkTarget(['a', 'soft'])).toString(), '../nowhere');
  for (const place of [['sparse'], ['large'], ['few']])
    assert.equal(await digestOf(archived.read(place)), await digestOf(mounted.read(place)));
  assert.throws(() => mounted.linkTarget(['no']), /ENOENT/);
  assert.throws(() => archived.linkTarget(['no']), /ENOENT/);
});

test('entries of an archive follow each other as when it is unpacked', async () => {
  await using folder = await temporaryRoot('sources');
  await using opened = new AsyncDisposableStack();
  const read = async (members: readonly TarMember[]): Promise<ArchiveTree> => {
    const bytes = tarArchive(members);
    const where = { directory: folder.path, opened, signal };
    return new ArchiveTree((await spoolArchive(inPieces(bytes, 700), where)).index.root);
  };
  const text = async (tree: ArchiveTree, place: string): Promise<string> =>
    Buffer.concat(await Array.fromAsync(tree.read(tree.resolve(place)))).toString();
  const tree = await read([
    { name: './a/b/one', content: '1' },
    { name: 'a/', type: 'directory', mode: 0o700 },
    { name: 'a/b/one', content: 'later' },
    { name: 'a/link', type: 'symlink', linkName: 'b' },
    { name: 'a/link/through', content: 'x' },
    { name: '/../top', content: 'top' },
    { name: 'gone/x', content: 'x' },
    { name: 'gone', content: 'now a file' },
    { name: 'hard', type: 'hard-link', linkName: './a/b/one' },
    { name: 'hard', type: 'hard-link', linkName: 'hard' },
  ]);
  assert.deepEqual(tree.names([]), ['a', 'gone', 'hard', 'top']);
  assert.deepEqual(tree.names(['a', 'b']), ['one', 'through']);
  assert.equal(tree.stat(['a'])?.mode, 0o700);
  assert.deepEqual([await text(tree, 'hard'), await text(tree, 'gone')], ['later', 'now a file']);
  assert.equal(tree.stat(['hard'])?.inode, tree.stat(['a', 'b', 'one'])?.inode);
  const refused: TarMember[][] = [
    [{ name: 'l', type: 'symlink', linkName: '/etc' }, { name: 'l/x' }],
    [{ name: 'l', type: 'symlink', linkName: '../..' }, { name: 'l/x' }],
    [{ name: 'l', type: 'symlink', linkName: 'l' }, { name: 'l/x' }],
    [{ name: 'f' }, { name: 'f/x' }],
    [{ name: 'h', type: 'hard-link', linkName: 'none' }],
    [{ name: 'd/.wh.x' }],
  ];
  for (const members of refused) await assert.rejects(read(members), InvalidBuildError);
});

test('an archive that nobody finishes leaves nothing', async () => {
  await using folder = await temporaryRoot('sources');
  const abort = new AbortController();
  const hanging = async function* (): AsyncGenerator<Uint8Array> {
    writeFileSync(path.join(folder.path, 'asked'), '');
    yield Buffer.alloc(100);
    abort.abort();
    await new Promise(() => {});
  };
  {
    await using opened = new AsyncDisposableStack();
    const where = { directory: folder.path, opened, signal: abort.signal };
    await assert.rejects(spoolArchive(hanging(), where), { name: 'AbortError' });
  }
  assert.deepEqual(readdirSync(folder.path), ['asked']);
});
