import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import type { Digest } from '@gantry/oci';
import { LeakCheck, type TarMember, temporaryRoot } from '@gantry/testkit';
import {
  InvalidSnapshotIdError,
  LayerInUseError,
  LayerMismatchError,
  LayerNotFoundError,
  SnapshotExistsError,
  SnapshotNotFoundError,
} from '../src/errors.ts';
import type { Snapshotter } from '../src/snapshotter.ts';
import { ArrivingBlob } from '../src/unpack/arriving-blob.ts';
import { changesTests } from './changes-conformance.ts';
import { layerFile } from './layer-file.ts';
import { mappedTests } from './mapped-conformance.ts';

/** Opens the implementation on a directory; opened again on the same one, it goes on with what is there. */
export type OpenSnapshotter = (root: string) => Promise<Snapshotter & AsyncDisposable>;

export interface Bench {
  folder: string;
  snapshots: Snapshotter;
  /** Ends the snapshotter and opens it anew. */
  reopen: () => Promise<Snapshotter>;
  unpack: (...members: TarMember[]) => Promise<Digest>;
}

/** The contract of `Snapshotter`, on real files. Registers tests; needs root. */
export function snapshotterConformance(name: string, open: OpenSnapshotter): void {
  const check = (title: string, body: (bench: Bench) => Promise<void>): void => {
    void test(`${name}: ${title}`, () => withBench(open, body));
  };
  layerTests(check);
  receptionTests(check);
  stackingTests(check);
  lifeTests(check);
  changesTests(check);
  mappedTests(check);
}

export type Check = (title: string, body: (bench: Bench) => Promise<void>) => void;

async function withBench(open: OpenSnapshotter, body: (bench: Bench) => Promise<void>): Promise<void> {
  await using folder = await temporaryRoot('snapshots');
  await using _leaks = await LeakCheck.begin({ tag: folder.path, allow: (kind) => kind === 'descriptor' });
  const root = path.join(folder.path, 'root');
  let snapshots = await open(root);
  const bench: Bench = {
    folder: folder.path,
    snapshots,
    reopen: async () => {
      await snapshots[Symbol.asyncDispose]();
      snapshots = await open(root);
      bench.snapshots = snapshots;
      return snapshots;
    },
    unpack: async (...members) => (await bench.snapshots.unpackLayer(layerFile(folder.path, members))).diffId,
  };
  try {
    await body(bench);
    for (const id of await snapshots.list()) await snapshots.remove(id);
  } finally {
    await snapshots[Symbol.asyncDispose]();
  }
}

function receptionTests(check: Check): void {
  const begin = ({ snapshots, folder }: Bench, bytes: Uint8Array, signal?: AbortSignal) => {
    const blobPath = path.join(folder, `arriving-${randomUUID()}`);
    writeFileSync(blobPath, '');
    const arriving = new ArrivingBlob();
    let sent = 0;
    return {
      reception: snapshots.receiveLayer({ blobPath, arriving, ...(signal && { signal }) }),
      send: (until: number) => {
        appendFileSync(blobPath, bytes.subarray(sent, until));
        sent = until;
        arriving.arrived(until);
      },
      end: () => arriving.ended(),
    };
  };

  check('a layer that nobody knows yet is unpacked while its bytes come', async (bench) => {
    const members = Array.from({ length: 50 }, (_, index) => ({
      name: `dir/file-${index}`,
      content: Buffer.alloc(100_000, index),
    }));
    const layer = layerFile(bench.folder, members);
    const bytes = readFileSync(layer.blobPath);
    const { reception, send, end } = begin(bench, bytes);
    await using _ = reception;
    for (let at = 0; at < bytes.length; at += 600_000) send(at);
    send(bytes.length);
    end();
    assert.equal(await bench.snapshots.layer(layer.diffId), undefined);
    const info = await reception.finish(layer.diffId);
    assert.equal(info.entries, 50);
    assert.deepEqual(await bench.snapshots.layer(layer.diffId), info);
    assert.deepEqual(readFileSync(path.join(info.path, 'dir/file-7')), Buffer.alloc(100_000, 7));
  });

  check('what arrives is thrown away unless it is finished, and right', async (bench) => {
    const layer = layerFile(bench.folder, [{ name: 'a', content: Buffer.alloc(3_000_000, 1) }]);
    const bytes = readFileSync(layer.blobPath);
    const receive = async (
      until: number,
      how: (arriving: ReturnType<typeof begin>) => Promise<void>,
      signal?: AbortSignal,
    ): Promise<void> => {
      const arriving = begin(bench, bytes, signal);
      await using _ = arriving.reception;
      arriving.send(until);
      await how(arriving);
    };
    await receive(2_000_000, async () => {});
    await receive(bytes.length, async ({ reception, end }) => {
      end();
      await assert.rejects(reception.finish(`sha256:${'0'.repeat(64)}`), LayerMismatchError);
    });
    await receive(2_000_000, async ({ reception, end }) => {
      end();
      await assert.rejects(reception.finish(layer.diffId), /ends in the middle/);
    });
    const abort = new AbortController();
    const abandon = async ({ reception }: ReturnType<typeof begin>): Promise<void> => {
      abort.abort();
      await assert.rejects(reception.finish(layer.diffId), { name: 'AbortError' });
    };
    await receive(2_000_000, abandon, abort.signal);
    assert.deepEqual(await bench.snapshots.layers(), []);
    await bench.snapshots.unpackLayer(layer);
    await receive(bytes.length, async ({ reception, end }) => {
      end();
      assert.deepEqual(await reception.finish(layer.diffId), await bench.snapshots.layer(layer.diffId));
    });
  });
}

function layerTests(check: Check): void {
  check('a layer is unpacked once, however many ask for it', async ({ folder, snapshots }) => {
    const layer = layerFile(folder, [{ name: 'a', content: '12345' }], { compression: 'gzip' });
    const infos = await Promise.all([1, 2, 3].map(() => snapshots.unpackLayer(layer)));
    assert.deepEqual(infos[1], infos[0]);
    assert.equal(infos[0]?.entries, 1);
    assert.equal(infos[0]?.sizeBytes, 5);
    rmSync(layer.blobPath);
    assert.deepEqual(await snapshots.unpackLayer(layer), infos[0]);
    assert.deepEqual(await snapshots.layer(layer.diffId), infos[0]);
    assert.equal((await snapshots.layers()).length, 1);
  });

  check('a layer with another digest is refused and leaves nothing', async ({ folder, snapshots }) => {
    const layer = layerFile(folder, [{ name: 'a' }]);
    const diffId: Digest = `sha256:${'0'.repeat(64)}`;
    await assert.rejects(snapshots.unpackLayer({ ...layer, diffId }), LayerMismatchError);
    assert.equal(await snapshots.layer(diffId), undefined);
    assert.deepEqual(await snapshots.layers(), []);
  });

  check('an aborted unpacking leaves nothing, and others go on', async ({ folder, snapshots }) => {
    const layer = layerFile(folder, [{ name: 'a', content: Buffer.alloc(8_000_000, 1) }]);
    const abort = new AbortController();
    const aborted = snapshots.unpackLayer({ ...layer, signal: abort.signal });
    const other = snapshots.unpackLayer(layer);
    abort.abort();
    await assert.rejects(aborted, { name: 'AbortError' });
    assert.equal((await other).sizeBytes, 8_000_000);
    await assert.rejects(snapshots.unpackLayer({ ...layer, signal: AbortSignal.abort() }), {
      name: 'AbortError',
    });
  });

  check('a layer that a snapshot stands on is not removed', async ({ snapshots, unpack }) => {
    const layer = await unpack({ name: 'a' });
    await snapshots.create('one', [layer]);
    await assert.rejects(snapshots.removeLayer(layer), LayerInUseError);
    await snapshots.remove('one');
    await snapshots.removeLayer(layer);
    await snapshots.removeLayer(layer);
    assert.equal(await snapshots.layer(layer), undefined);
  });
}

function stackingTests(check: Check): void {
  check('upper layers win, whiteouts remove, opaque directories hide', async ({ snapshots, unpack }) => {
    const base = await unpack(
      { name: 'keep', content: 'base' },
      { name: 'changed', content: 'base' },
      { name: 'gone', content: 'base' },
      { name: 'dir/', type: 'directory', mode: 0o700 },
      { name: 'dir/gone', content: 'base' },
      { name: 'dir/keep', content: 'base' },
      { name: 'opaque/old', content: 'base' },
      { name: 'replaced/deep/file', content: 'base' },
      { name: 'tree/a/b', content: 'base' },
    );
    const middle = await unpack(
      { name: 'changed', content: 'middle' },
      { name: '.wh.gone' },
      { name: 'dir/', type: 'directory', mode: 0o711 },
      { name: 'dir/.wh.gone' },
      { name: 'opaque/new', content: 'middle' },
      { name: 'opaque/.wh..wh..opq' },
      { name: 'replaced', content: 'a file now' },
      { name: '.wh.tree' },
    );
    const top = await unpack({ name: 'dir/gone', content: 'back' }, { name: 'tree/c', content: 'top' });
    await snapshots.create('stack', [base, middle, top]);
    const root = await snapshots.mount('stack');
    const read = (name: string): string => readFileSync(path.join(root, name), 'utf8');
    assert.deepEqual(readdirSync(root).sort(), ['changed', 'dir', 'keep', 'opaque', 'replaced', 'tree']);
    assert.equal(read('keep'), 'base');
    assert.equal(read('changed'), 'middle');
    assert.deepEqual(readdirSync(path.join(root, 'dir')).sort(), ['gone', 'keep']);
    assert.equal(read('dir/gone'), 'back');
    assert.deepEqual(readdirSync(path.join(root, 'opaque')), ['new']);
    assert.equal(read('replaced'), 'a file now');
    assert.deepEqual(readdirSync(path.join(root, 'tree')), ['c']);
  });

  check('the root has the owner and mode of the topmost layer that says them', async (bench) => {
    const { snapshots, unpack } = bench;
    const base = await unpack({ name: './', type: 'directory', mode: 0o555, uid: 7, gid: 8 });
    const top = await unpack({ name: 'file' });
    await snapshots.create('rooted', [base, top]);
    const root = statSync(await snapshots.mount('rooted'));
    assert.deepEqual([root.mode & 0o7777, root.uid, root.gid], [0o555, 7, 8]);
    await snapshots.create('plain', [top]);
    assert.equal(statSync(await snapshots.mount('plain')).mode & 0o7777, 0o755);
  });

  check('a layer may occur twice, and there may be none', async ({ snapshots, unpack }) => {
    const [a, b] = [await unpack({ name: 'x', content: 'a' }), await unpack({ name: 'x', content: 'b' })];
    await snapshots.create('twice', [a, b, a]);
    assert.equal(readFileSync(path.join(await snapshots.mount('twice'), 'x'), 'utf8'), 'a');
    await snapshots.create('none', []);
    const root = await snapshots.mount('none');
    writeFileSync(path.join(root, 'new'), '');
    assert.deepEqual(readdirSync(root), ['new']);
  });
}

function lifeTests(check: Check): void {
  check('what is written stays in the snapshot and never reaches the layer', async (bench) => {
    const layer = await bench.unpack({ name: 'file', content: 'layer' }, { name: 'dir/x', content: 'x' });
    const { snapshots } = bench;
    await snapshots.create('one', [layer]);
    await snapshots.create('two', [layer]);
    const root = await snapshots.mount('one');
    writeFileSync(path.join(root, 'file'), 'written');
    rmSync(path.join(root, 'dir'), { recursive: true });
    mkdirSync(path.join(root, 'dir'));
    assert.equal(await snapshots.mount('one'), root);
    await snapshots.unmount('one');
    await snapshots.unmount('one');
    const again = await snapshots.mount('one');
    assert.equal(readFileSync(path.join(again, 'file'), 'utf8'), 'written');
    assert.deepEqual(readdirSync(path.join(again, 'dir')), []);
    const other = await snapshots.mount('two');
    assert.equal(readFileSync(path.join(other, 'file'), 'utf8'), 'layer');
    assert.deepEqual(readdirSync(path.join(other, 'dir')), ['x']);
    const info = await snapshots.layer(layer);
    assert.equal(readFileSync(path.join(info?.path ?? '', 'file'), 'utf8'), 'layer');
  });

  check('a snapshot outlives the snapshotter, mounted or not', async (bench) => {
    const layer = await bench.unpack({ name: 'file', content: 'layer' });
    for (const volatile of [false, true]) {
      const id = `volatile-${volatile}`;
      await bench.snapshots.create(id, [layer], { volatile });
      writeFileSync(path.join(await bench.snapshots.mount(id), 'new'), 'kept');
    }
    const { length } = readFileSync('/proc/self/mountinfo', 'utf8').split('\n');
    const snapshots = await bench.reopen();
    assert.equal(readFileSync('/proc/self/mountinfo', 'utf8').split('\n').length, length);
    assert.deepEqual((await snapshots.list()).sort(), ['volatile-false', 'volatile-true']);
    assert.equal((await snapshots.layers()).length, 1);
    for (const id of await snapshots.list()) {
      assert.equal(readFileSync(path.join(await snapshots.mount(id), 'new'), 'utf8'), 'kept');
      await snapshots.unmount(id);
      assert.equal(readFileSync(path.join(await snapshots.mount(id), 'new'), 'utf8'), 'kept');
    }
    await assert.rejects(snapshots.removeLayer(layer), LayerInUseError);
  });

  check(
    'usage counts what was written above the layers, however much it is',
    async ({ snapshots, unpack }) => {
      const layer = await unpack({ name: 'file', content: 'layer' });
      await snapshots.create('used', [layer]);
      assert.deepEqual(await snapshots.usage('used'), { sizeBytes: 0, entries: 0 });
      const root = await snapshots.mount('used');
      mkdirSync(path.join(root, 'd'));
      for (let index = 0; index < 3000; index += 1) writeFileSync(path.join(root, `d/${index}`), '1');
      assert.deepEqual(await snapshots.usage('used'), { sizeBytes: 3000, entries: 3001 });
    },
  );

  check('a removed snapshot is gone at once, and its name is free', async ({ folder, snapshots, unpack }) => {
    const layer = await unpack({ name: 'file' });
    await snapshots.create('one', [layer]);
    const root = await snapshots.mount('one');
    await snapshots.remove('one');
    await snapshots.remove('one');
    assert.deepEqual(await snapshots.list(), []);
    assert.ok(!existsSync(path.join(root, 'file')));
    assert.ok(!existsSync(path.join(folder, 'root/writable/one')));
    await snapshots.create('one', [layer]);
    assert.deepEqual(await snapshots.list(), ['one']);
  });

  check('wrong names are refused', async ({ snapshots, unpack }) => {
    const layer = await unpack({ name: 'file' });
    await snapshots.create('one', [layer]);
    await assert.rejects(snapshots.create('one', [layer]), SnapshotExistsError);
    const missing: Digest = `sha256:${'0'.repeat(64)}`;
    await assert.rejects(snapshots.create('two', [layer, missing]), LayerNotFoundError);
    for (const id of ['', '..', 'a/b', '../x', '.hidden', 'x'.repeat(300)])
      await assert.rejects(snapshots.create(id, [layer]), InvalidSnapshotIdError, id);
    await assert.rejects(snapshots.mount('nobody'), SnapshotNotFoundError);
    await assert.rejects(snapshots.usage('nobody'), SnapshotNotFoundError);
    await snapshots.unmount('nobody');
    assert.deepEqual(await snapshots.list(), ['one']);
  });
}
