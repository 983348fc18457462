import assert from 'node:assert/strict';
import { chmodSync, lchownSync, mkdirSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createUserNamespace, getXattr, type IdMaps, outsideIds, setXattr } from '@gantry/kernel';
import type { Digest } from '@gantry/oci';
import type { Snapshotter } from '../src/snapshotter.ts';
import type { Bench, Check } from './snapshotter-conformance.ts';

const first = 1_400_000_000;
const ranges = [{ inside: 0, outside: first, count: 65536 }];
const idMaps: IdMaps = { uids: ranges, gids: ranges };
/** `struct vfs_cap_data` of revision 2: cap_net_raw, effective. */
const capability = Buffer.from('0100000200200000000000000000000000000000', 'hex');

/** What a snapshot for the processes of a user namespace promises. */
export function mappedTests(check: Check): void {
  check('the layers appear with the owners of a user namespace, and stay as they are', async (bench) => {
    const { snapshots } = bench;
    const layers = await makeLayers(bench);
    const before = ownerOf(await layerPath(snapshots, layers[0]), 'etc/shadow');
    await snapshots.create('mapped', layers, { idMaps });
    const root = await snapshots.mount('mapped');
    assert.deepEqual(ownerOf(root, '.'), [first, first]);
    assert.deepEqual(ownerOf(root, 'etc/shadow'), [first, first + 42]);
    writeFileSync(path.join(root, 'etc/shadow'), 'changed');
    assert.deepEqual(ownerOf(root, 'etc/shadow'), [first, first + 42]);
    assert.deepEqual(ownerOf(await layerPath(snapshots, layers[0]), 'etc/shadow'), before);
  });

  check('a namespace of the caller’s serves for as many mounts as wanted', async (bench) => {
    const { snapshots } = bench;
    const layers = await makeLayers(bench);
    using namespace = await createUserNamespace(idMaps);
    for (const id of ['one', 'two']) {
      await snapshots.create(id, layers, { idMaps, volatile: true });
      assert.deepEqual(ownerOf(await snapshots.mount(id, namespace), 'etc/shadow'), [first, first + 42]);
      await snapshots.unmount(id);
      assert.deepEqual(ownerOf(await snapshots.mount(id, namespace), 'etc/shadow'), [first, first + 42]);
    }
  });

  check('what a user namespace wrote packs as the layer that it would be without', async (bench) => {
    const { snapshots } = bench;
    const layers = await makeLayers(bench);
    await snapshots.create('mapped', layers, { idMaps });
    await snapshots.create('plain', layers);
    const translation = outsideIds(idMaps);
    change(await snapshots.mount('mapped'), translation.owner, translation.xattr);
    change(
      await snapshots.mount('plain'),
      (owner) => owner,
      (_, value) => value,
    );
    const mapped = await packed(snapshots, 'mapped');
    assert.ok(mapped.equals(await packed(snapshots, 'plain')));
    assert.ok(mapped.includes('SCHILY.xattr.security.capability'));
    assert.deepEqual(await changesOf(snapshots, 'mapped'), await changesOf(snapshots, 'plain'));
  });

  check('a snapshot for a user namespace is the same after the engine’s restart', async (bench) => {
    const layers = await makeLayers(bench);
    await bench.snapshots.create('mapped', layers, { idMaps });
    const snapshots = await bench.reopen();
    const root = await snapshots.mount('mapped');
    assert.deepEqual(ownerOf(root, 'etc/shadow'), [first, first + 42]);
    const ping = getXattr(path.join(root, 'bin/ping'), 'security.capability');
    assert.deepEqual(ping, outsideIds(idMaps).xattr('security.capability', capability));
  });
}

async function makeLayers({ unpack }: Bench): Promise<Digest[]> {
  return [
    await unpack(
      { name: 'etc/', type: 'directory' },
      { name: 'etc/shadow', gid: 42, mode: 0o640, content: 'secret' },
      { name: 'bin/', type: 'directory' },
      { name: 'bin/ping', pax: { 'SCHILY.xattr.security.capability': capability } },
    ),
    await unpack({ name: 'etc/top', uid: 7, content: 'top' }),
  ];
}

interface Owner {
  uid: number;
  gid: number;
}

/** The same change, by the ids that the snapshot's files have on the host. */
function change(
  root: string,
  owner: (inside: Owner) => Owner,
  xattr: (name: string, value: Uint8Array) => Uint8Array,
): void {
  const give = (name: string, inside: Owner): void => {
    const { uid, gid } = owner(inside);
    lchownSync(path.join(root, name), uid, gid);
  };
  mkdirSync(path.join(root, 'new'));
  writeFileSync(path.join(root, 'new/file'), 'content');
  give('new', { uid: 5, gid: 6 });
  give('new/file', { uid: 1000, gid: 1001 });
  setXattr(path.join(root, 'new/file'), 'security.capability', xattr('security.capability', capability));
  writeFileSync(path.join(root, 'etc/top'), 'changed');
  chmodSync(path.join(root, 'bin/ping'), 0o755);
  for (const name of ['new/file', 'new', 'etc/top', 'etc', 'bin/ping', 'bin']) {
    utimesSync(path.join(root, name), 1_000_000, 1_000_000);
  }
}

async function packed(snapshots: Snapshotter, id: string): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of snapshots.packChanges(id)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function changesOf(snapshots: Snapshotter, id: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { kind, path: place } of snapshots.changes(id)) {
    found.push(`${kind} ${Buffer.from(place).toString()}`);
  }
  return found;
}

async function layerPath(snapshots: Snapshotter, diffId: Digest | undefined): Promise<string> {
  return (diffId && (await snapshots.layer(diffId))?.path) ?? '';
}

function ownerOf(root: string, name: string): number[] {
  const { uid, gid } = statSync(path.join(root, name));
  return [uid, gid];
}
