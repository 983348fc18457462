import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { silentLogger, systemClock } from '@gantry/base';
import { isMountPoint, mount, mountTable, setPropagation, umount } from '@gantry/kernel';
import { MemoryMetadataStore } from '@gantry/state/testing';
import { openVolumeStore } from '../open-volume-store.ts';
import type { VolumeStore } from '../volume-store.ts';

let folder: string;
let metadata: MemoryMetadataStore;
let store: VolumeStore;
beforeEach(async () => {
  folder = mkdtempSync('/tmp/gantry-local-mounts-');
  metadata = new MemoryMetadataStore();
  await reopen();
});
afterEach(async () => {
  for (const { target } of mountTable().toReversed()) {
    if (target.startsWith(folder)) await umount(target, { detach: true });
  }
  rmSync(folder, { recursive: true });
});

/** Another engine, after a kill. */
async function reopen(state: MemoryMetadataStore = metadata): Promise<void> {
  store = await openVolumeStore({
    root: path.join(folder, 'volumes'),
    pluginDirectory: path.join(folder, 'plugins'),
    store: state,
    clock: systemClock,
    logger: silentLogger,
  });
}

async function make(name: string, options: Record<string, string>): Promise<string> {
  return (await store.create({ name, options })).volume.mountpoint;
}

/** A directory of this host with a file in it. */
function host(name: string): string {
  const directory = path.join(folder, name);
  mkdirSync(directory);
  writeFileSync(path.join(directory, 'file'), name);
  return directory;
}

const tmpfs = { type: 'tmpfs', device: 'tmpfs', o: 'size=1m,mode=1770,uid=5,nosuid' };

test('a volume is mounted for the first that uses it, and unmounted after the last', async () => {
  const place = await make('memory', tmpfs);
  assert.equal(isMountPoint(place), false);
  assert.equal(await store.mount('memory', 'c1'), place);
  const entry = mountTable().find(({ target }) => target === place);
  assert.match(entry?.superOptions ?? '', /size=1024k,mode=1770,uid=5/);
  assert.ok(entry?.options.includes('nosuid'));
  writeFileSync(path.join(place, 'shared'), '');
  await Promise.all([store.mount('memory', 'c2'), store.mount('memory', 'c1')]);
  assert.deepEqual(store.get('memory')?.heldBy, ['c1', 'c2']);
  await store.unmount('memory', 'c1');
  assert.ok(existsSync(path.join(place, 'shared')));
  await Promise.all([store.unmount('memory', 'c2'), store.unmount('memory', 'c2')]);
  assert.equal(isMountPoint(place), false);
  assert.deepEqual(readdirSync(place), []);
});

test('who holds a volume is known after a kill, and those that are gone let go', async () => {
  const [kept, left] = [await make('kept', tmpfs), await make('left', tmpfs)];
  for (const name of ['kept', 'left'])
    for (const holder of ['lives', 'died']) await store.mount(name, holder);
  await store.unmount('left', 'lives');
  writeFileSync(path.join(kept, 'file'), 'here');
  await reopen();
  await store.keepMounts(new Set(['lives']));
  assert.deepEqual([isMountPoint(kept), isMountPoint(left)], [true, false]);
  assert.deepEqual(store.get('kept')?.heldBy, ['lives']);
  assert.equal(await store.mount('kept', 'new'), kept);
  assert.equal(readFileSync(path.join(kept, 'file'), 'utf8'), 'here');
});

test('what a reboot has unmounted is mounted again for the next that uses it', async () => {
  const place = await make('memory', tmpfs);
  await store.mount('memory', 'c1');
  await umount(place);
  await reopen();
  await store.keepMounts(new Set());
  await store.mount('memory', 'c1');
  assert.equal(isMountPoint(place), true);
});

test('a directory of the host shows in a bind, read-only when told so, and nothing of it is ever removed', async () => {
  const source = host('source');
  const place = await make('bound', { type: 'none', device: source, o: 'bind,ro' });
  await store.mount('bound', 'c1');
  assert.equal(readFileSync(path.join(place, 'file'), 'utf8'), 'source');
  assert.throws(() => writeFileSync(path.join(place, 'other'), ''), /EROFS/);
  await store.remove('bound');
  assert.equal(existsSync(path.dirname(place)), false);
  assert.deepEqual(readdirSync(source), ['file']);
});

test('unmounting a recursive bind leaves what it was bound from as it is', async () => {
  const source = host('source');
  mount({ source: 'tmpfs', target: source, type: 'tmpfs' });
  setPropagation(source, 'shared');
  mkdirSync(path.join(source, 'below'));
  mount({ source: 'tmpfs', target: path.join(source, 'below'), type: 'tmpfs' });
  writeFileSync(path.join(source, 'below', 'deep'), '');
  const place = await make('bound', { type: 'none', device: source, o: 'rbind' });
  await store.mount('bound', 'c1');
  assert.ok(existsSync(path.join(place, 'below', 'deep')));
  await store.unmount('bound', 'c1');
  assert.deepEqual(
    mountTable().filter(({ target }) => target.startsWith(path.dirname(place))),
    [],
  );
  assert.ok(existsSync(path.join(source, 'below', 'deep')));
});

test('an engine killed while a volume is mounted removes it, and never what is mounted in it', async () => {
  const source = host('source');
  const place = await make('bound', { type: 'none', device: source, o: 'bind' });
  await store.mount('bound', 'c1');
  await reopen(new MemoryMetadataStore());
  assert.deepEqual(store.get('bound')?.options, { type: 'none', device: source, o: 'bind' });
  await store.keepMounts(new Set());
  assert.equal(isMountPoint(place), false);
  await store.remove('bound');
  assert.deepEqual(readdirSync(source), ['file']);
  assert.equal(existsSync(place), false);
});

test('what somebody else has mounted in a volume keeps it from being removed', async () => {
  const place = await make('data', {});
  mkdirSync(path.join(place, 'disk'));
  mount({ source: 'tmpfs', target: path.join(place, 'disk'), type: 'tmpfs' });
  writeFileSync(path.join(place, 'disk', 'theirs'), '');
  await assert.rejects(store.remove('data'), {
    kind: 'conflict',
    message: `remove data: ${place}/disk is a mount point: unmount it first`,
  });
  assert.ok(store.get('data'));
  await reopen();
  assert.ok(existsSync(path.join(place, 'disk', 'theirs')));
});

test('a volume in use by a process of the host is told, and unmounted before the next removal', async () => {
  const place = await make('memory', tmpfs);
  await store.mount('memory', 'c1');
  process.chdir(place);
  try {
    await assert.rejects(store.unmount('memory', 'c1'), /umount .*EBUSY/);
    assert.deepEqual(store.get('memory')?.heldBy, []);
    await assert.rejects(store.remove('memory'), { kind: 'conflict', message: /^remove memory: umount / });
  } finally {
    process.chdir('/');
  }
  await store.remove('memory');
  assert.equal(existsSync(place), false);
});

test('a mount that fails leaves nothing, and can be asked for again', async () => {
  const source = path.join(folder, 'later');
  const place = await make('bound', { type: 'none', device: source, o: 'bind' });
  await assert.rejects(store.mount('bound', 'c1'), {
    code: 'volume-mount-failed',
    message:
      `error while mounting volume '${place}': failed to mount local volume: ` +
      `mount ${source}:${place}, flags: 0x1000: no such file or directory`,
  });
  assert.deepEqual(store.get('bound')?.heldBy, []);
  host('later');
  await store.mount('bound', 'c1');
  assert.ok(existsSync(path.join(place, 'file')));
  const wrong = await make('wrong', { type: 'tmpfs', device: 'tmpfs', o: 'nonsense=1' });
  await assert.rejects(store.mount('wrong', 'c1'), /data: nonsense=1: invalid argument$/);
  assert.equal(isMountPoint(wrong), false);
});

test('a directory of the same disk is filled too', async () => {
  host('image');
  const source = path.join(folder, 'target');
  mkdirSync(source);
  await make('bound', { type: 'none', device: source, o: 'bind' });
  await store.mount('bound', 'c1');
  await store.copyUp('bound', { rootfs: folder, path: '/image' });
  assert.equal(readFileSync(path.join(source, 'file'), 'utf8'), 'image');
});

test('an empty mounted volume is filled from the image, again where a kill interrupted it', async () => {
  const image = host('image');
  const place = await make('memory', tmpfs);
  await store.mount('memory', 'c1');
  await store.copyUp('memory', { rootfs: folder, path: '/image' });
  assert.equal(readFileSync(path.join(place, 'file'), 'utf8'), 'image');
  await store.unmount('memory', 'c1');
  await store.mount('memory', 'c1');
  writeFileSync(path.join(place, 'mine'), '');
  await store.copyUp('memory', { rootfs: folder, path: '/image' });
  assert.deepEqual(readdirSync(place), ['mine']);
  rmSync(path.join(place, 'mine'));
  // As a kill leaves it: gathered, noted, and brought in by half.
  execFileSync('cp', ['-a', image, path.join(path.dirname(place), '_copy')]);
  writeFileSync(path.join(place, 'file'), 'ima');
  const records = metadata.collection<Record<string, unknown>>('volumes', {
    version: 2,
    migrate: () => ({}),
  });
  records.put('memory', { ...records.get('memory'), copying: true });
  await reopen();
  await store.mount('memory', 'c2');
  assert.equal(readFileSync(path.join(place, 'file'), 'utf8'), 'image');
  assert.deepEqual(readdirSync(path.dirname(place)).sort(), ['_data', 'options.json']);
});

test('sizes need project quotas, and are refused in Docker’s words where there are none', async () => {
  await assert.rejects(make('sized', { size: '10m' }), {
    kind: 'invalid',
    message: 'create sized: quota size requested but no quota support',
  });
  await make('unlimited', { size: '0' });
});
