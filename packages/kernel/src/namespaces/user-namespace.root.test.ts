import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import {
  asFileOwner,
  createNetworkNamespace,
  createUserNamespace,
  type IdMaps,
  mount,
  mountMapped,
  releaseNetworkNamespace,
  UnmappableMountError,
  umount,
} from '@gantry/kernel';
import { LeakCheck, temporaryRoot } from '@gantry/testkit';

const first = 1_400_000_000;
const ranges = [{ inside: 0, outside: first, count: 65536 }];
const maps: IdMaps = { uids: ranges, gids: ranges };

test('a user namespace has the ids that were asked for, and leaves no process', async () => {
  await using folder = await temporaryRoot('userns');
  await using _leaks = await LeakCheck.begin({ tag: folder.path });
  using namespace = await createUserNamespace(maps, { network: true });
  const place = path.join(folder.path, 'net');
  createNetworkNamespace(place, () => {}, namespace.networkPath);
  assert.equal(statSync(place).ino, statSync(namespace.networkPath ?? '').ino);
  assert.notEqual(statSync(place).ino, statSync('/proc/self/ns/net').ino);
  await releaseNetworkNamespace(place);
});

test('a directory is shown with the owners of a namespace, and what is made there is root’s on the disk', async () => {
  await using folder = await temporaryRoot('userns');
  await using _leaks = await LeakCheck.begin({ tag: folder.path });
  const [source, target] = ['source', 'target'].map((name) => path.join(folder.path, name)) as [
    string,
    string,
  ];
  for (const directory of [source, target]) mkdirSync(directory);
  writeFileSync(path.join(source, 'file'), 'content');
  using namespace = await createUserNamespace(maps);
  mountMapped(source, target, namespace);
  try {
    assert.equal(statSync(path.join(target, 'file')).uid, first);
    assert.equal(readFileSync(path.join(target, 'file'), 'utf8'), 'content');
    // The host's root has no place there.
    assert.throws(() => mkdirSync(path.join(target, 'mine')), { code: 'EOVERFLOW' });
  } finally {
    await umount(target);
  }
  assert.equal(statSync(path.join(source, 'file')).uid, 0);
});

test('what is made as somebody else belongs to him at once, with root’s power', async () => {
  await using folder = await temporaryRoot('userns');
  const closed = path.join(folder.path, 'closed');
  mkdirSync(closed, { mode: 0o700 });
  asFileOwner({ uid: first, gid: first + 1 }, () => mkdirSync(path.join(closed, 'his')));
  mkdirSync(path.join(closed, 'ours'));
  const owners = ['his', 'ours'].map((name) => statSync(path.join(closed, name)));
  assert.deepEqual(
    owners.map(({ uid, gid }) => [uid, gid]),
    [
      [first, first + 1],
      [0, 0],
    ],
  );
});

test('a file system that cannot be shown so is named', async () => {
  await using folder = await temporaryRoot('userns');
  const [source, target] = ['source', 'target'].map((name) => path.join(folder.path, name)) as [
    string,
    string,
  ];
  for (const directory of [source, target]) mkdirSync(directory);
  mount({ source: 'proc', target: source, type: 'proc' });
  try {
    using namespace = await createUserNamespace(maps);
    assert.throws(() => mountMapped(source, target, namespace), UnmappableMountError);
  } finally {
    await umount(source);
  }
});
