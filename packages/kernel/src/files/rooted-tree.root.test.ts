import assert from 'node:assert/strict';
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { isErrno } from '../ffi/errno.ts';
import { Descriptor, openPath } from './descriptor.ts';
import { Directory } from './directory.ts';
import { openFlags } from './flags.ts';
import { RootedTree } from './rooted-tree.ts';

let base: string;
let tree: RootedTree;

beforeEach(() => {
  base = mkdtempSync(path.join(tmpdir(), 'gantry-tree-'));
  for (const name of ['root/etc/deep', 'root/run', 'root/var', 'volume/inner', 'outside']) {
    mkdirSync(path.join(base, name), { recursive: true });
  }
  writeFileSync(path.join(base, 'root/etc/file'), 'of the root');
  writeFileSync(path.join(base, 'volume/file'), 'of the volume');
  writeFileSync(path.join(base, 'outside/secret'), 'secret');
  symlinkSync('/run', path.join(base, 'root/var/run'));
  symlinkSync(path.join(base, 'outside'), path.join(base, 'root/absolute'));
  symlinkSync('../../../../../../..', path.join(base, 'root/climber'));
  symlinkSync('loop', path.join(base, 'root/loop'));
  tree = new RootedTree(Directory.openPath(path.join(base, 'root')));
});
afterEach(() => {
  tree[Symbol.dispose]();
  rmSync(base, { recursive: true, force: true });
});

function open(name: string): Descriptor {
  return new Descriptor(openPath(path.join(base, name), openFlags.path));
}

function read(given: string): string {
  using place = tree.open(tree.resolve(given));
  return readFileSync(place.path, 'utf8');
}

test('links lead as they would if the root were /, and what is missing is taken by its name', () => {
  assert.deepEqual(tree.resolve('/var/run/x'), ['run', 'x']);
  assert.deepEqual(tree.resolve('/var/run', { follow: false }), ['var', 'run']);
  assert.deepEqual(tree.resolve('climber/etc/../etc'), ['etc']);
  assert.deepEqual(tree.resolve('/missing/deep/../x'), ['missing', 'x']);
  assert.equal(read('/climber/etc/file'), 'of the root');
  const refuses = (given: string, ...names: string[]): void =>
    assert.throws(
      () => read(given),
      (error) => isErrno(error, ...names),
      given,
    );
  refuses('/absolute/secret', 'ENOENT');
  refuses('/loop', 'ELOOP');
  refuses('/etc/file/x', 'ENOTDIR');
});

test('a graft lies over what is there, by the links that lead to its place, and grafts lie in grafts', () => {
  assert.deepEqual(tree.graft('/var/run/volume', open('volume')), ['run', 'volume']);
  tree.graft('/run/volume/inner', open('root/etc'));
  tree.graft('/etc/deep', open('volume/file'));
  assert.equal(read('/var/run/volume/file'), 'of the volume');
  assert.equal(read('/run/volume/inner/file'), 'of the root');
  assert.equal(read('/etc/deep'), 'of the volume');
  assert.deepEqual(tree.graftOver(['run', 'volume', 'inner', 'x']), ['run', 'volume', 'inner']);
  assert.deepEqual(tree.graftOver(['run', 'volume', 'x']), ['run', 'volume']);
  assert.equal(tree.graftOver(['run']), undefined);
  assert.deepEqual([tree.graftsIn(['run']), tree.graftsIn([])], [['volume'], []]);
  assert.ok(tree.hasGraftWithin(['etc']) && !tree.hasGraftWithin(['var']));
  using directory = tree.openDirectory(['run', 'volume']);
  assert.deepEqual(directory.names().map(String).sort(), ['file', 'inner']);
});

test('a place that becomes a link after it was found is an error, not another place', () => {
  const at = tree.resolve('/etc/deep/new');
  renameSync(path.join(base, 'root/etc/deep'), path.join(base, 'root/etc/kept'));
  symlinkSync(path.join(base, 'outside'), path.join(base, 'root/etc/deep'));
  assert.throws(
    () => tree.openDirectory(at.slice(0, -1)),
    (error) => isErrno(error, 'ELOOP', 'ENOTDIR'),
  );
  assert.throws(
    () => tree.open([...at.slice(0, -1), 'secret']),
    (error) => isErrno(error, 'ELOOP'),
  );
});
