import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import type { Digest } from '@gantry/oci';
import type { ChangesOptions, Snapshotter } from '../src/snapshotter.ts';
import type { Bench, Check } from './snapshotter-conformance.ts';

/** What `changes` and `packChanges` promise. */
export function changesTests(check: Check): void {
  check('changes are told with their directories, in the order of their names', async (bench) => {
    const { snapshots } = bench;
    const layers = await makeStack(bench);
    await snapshots.create('changed', layers);
    assert.deepEqual(await changesOf(snapshots, 'changed'), []);
    change(await snapshots.mount('changed'));
    assert.deepEqual(await changesOf(snapshots, 'changed'), expectedChanges);
    await snapshots.unmount('changed');
    assert.deepEqual(await changesOf(snapshots, 'changed'), expectedChanges);
    await assert.rejects(changesOf(snapshots, 'nobody'));
  });

  check('packed changes make the same tree again, on top of the same layers', async (bench) => {
    const { snapshots } = bench;
    const layers = await makeStack(bench);
    await snapshots.create('source', layers);
    const source = await snapshots.mount('source');
    change(source);
    const packed: Uint8Array[] = [];
    for await (const chunk of snapshots.packChanges('source')) packed.push(chunk);
    const blobPath = path.join(bench.folder, 'packed.tar');
    writeFileSync(blobPath, Buffer.concat(packed));
    const hex = createHash('sha256').update(Buffer.concat(packed)).digest('hex');
    const diffId: Digest = `sha256:${hex}`;
    await snapshots.unpackLayer({ diffId, blobPath, compression: 'none' });
    await snapshots.create('copy', [...layers, diffId]);
    assert.deepEqual(describeTree(await snapshots.mount('copy')), describeTree(source));
    assert.deepEqual(await changesOf(snapshots, 'copy'), []);
  });

  check('an empty place made to mount something on is no change, one that is used is', async (bench) => {
    const { snapshots, unpack } = bench;
    await snapshots.create('stubs', [await unpack({ name: 'file' })]);
    const root = await snapshots.mount('stubs');
    mkdirSync(path.join(root, 'etc'));
    mkdirSync(path.join(root, 'proc'));
    writeFileSync(path.join(root, 'etc/hosts'), '');
    writeFileSync(path.join(root, 'etc/hostname'), '');
    const stubs = new Set(['/etc', '/etc/hosts', '/etc/hostname', '/proc']);
    assert.deepEqual(await changesOf(snapshots, 'stubs', { stubs }), []);
    writeFileSync(path.join(root, 'etc/hosts'), 'used');
    assert.deepEqual(await changesOf(snapshots, 'stubs', { stubs }), ['added /etc', 'added /etc/hosts']);
    mkdirSync(path.join(root, 'proc/own'));
    const all = ['added /etc', 'added /etc/hosts', 'added /proc', 'added /proc/own'];
    assert.deepEqual(await changesOf(snapshots, 'stubs', { stubs }), all);
  });
}

const expectedChanges: readonly string[] = [
  'modified /dir',
  'modified /dir/changed',
  'added /dir/link',
  'deleted /dir/old',
  'modified /kind',
  'added /kind/inside',
  'modified /mode',
  'added /new',
  'added /new/deep',
  'added /new/deep/a',
  'added /new/deep/hard',
  'modified /remade',
  'deleted /remade/below',
  'deleted /remade/middle',
  'added /remade/new',
  'deleted /tree',
];

async function makeStack({ unpack }: Bench): Promise<Digest[]> {
  const base = await unpack(
    { name: 'dir/changed', content: 'base' },
    { name: 'dir/old', content: 'base' },
    { name: 'kept/file', content: 'base' },
    { name: 'kind', content: 'a file' },
    { name: 'mode/', type: 'directory', mode: 0o755 },
    { name: 'remade/below', content: 'base' },
    { name: 'hidden', content: 'base' },
    { name: 'tree/a/b', content: 'base' },
  );
  const middle = await unpack({ name: '.wh.hidden' }, { name: 'remade/middle', content: 'middle' });
  return [base, middle];
}

function change(root: string): void {
  const place = (name: string): string => path.join(root, name);
  writeFileSync(place('dir/changed'), 'other');
  rmSync(place('dir/old'));
  symlinkSync('changed', place('dir/link'));
  rmSync(place('kind'));
  mkdirSync(place('kind'));
  writeFileSync(place('kind/inside'), '');
  chmodSync(place('mode'), 0o700);
  mkdirSync(place('new/deep'), { recursive: true });
  writeFileSync(place('new/deep/a'), 'content');
  linkSync(place('new/deep/a'), place('new/deep/hard'));
  rmSync(place('remade'), { recursive: true });
  mkdirSync(place('remade'));
  writeFileSync(place('remade/new'), '');
  rmSync(place('tree'), { recursive: true });
  writeFileSync(place('passing'), '');
  renameSync(place('passing'), place('gone'));
  rmSync(place('gone'));
}

async function changesOf(snapshots: Snapshotter, id: string, options?: ChangesOptions): Promise<string[]> {
  const found: string[] = [];
  for await (const { kind, path: place } of snapshots.changes(id, options)) {
    found.push(`${kind} ${Buffer.from(place).toString()}`);
  }
  return found;
}

/** Kind, mode, links and content of everything below. */
function describeTree(root: string): unknown[] {
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .sort()
    .map((name) => {
      const stat = lstatSync(path.join(root, name));
      const content = stat.isFile() ? readFileSync(path.join(root, name), 'utf8') : '';
      return [name, stat.mode, stat.isDirectory() ? 0 : stat.nlink, content];
    });
}
