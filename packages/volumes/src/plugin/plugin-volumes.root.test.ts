import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { type Logger, silentLogger, systemClock } from '@gantry/base';
import { FakePlugin, type PluginReply } from '@gantry/plugins/testing';
import { MemoryMetadataStore } from '@gantry/state/testing';
import { openVolumeStore } from '../open-volume-store.ts';
import type { VolumeStore } from '../volume-store.ts';

let folder: string;
let metadata: MemoryMetadataStore;
let store: VolumeStore;
let plugin: FakePlugin;
/** Volumes of the plugin: where they are, and who has them mounted. */
let volumes: Map<string, Set<string>>;
/** What the plugin says instead of what a good one would. */
let lies: Record<string, PluginReply>;

beforeEach(async () => {
  folder = mkdtempSync('/tmp/gantry-plugin-volumes-');
  metadata = new MemoryMetadataStore();
  volumes = new Map();
  lies = {};
  plugin = await FakePlugin.start(path.join(folder, 'plugins', 'shelf.sock'), ['VolumeDriver'], answer);
  await reopen();
});
afterEach(async () => {
  await store[Symbol.asyncDispose]();
  await plugin[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

async function reopen(logger: Logger = silentLogger): Promise<void> {
  store = await openVolumeStore({
    root: path.join(folder, 'volumes'),
    pluginDirectory: path.join(folder, 'plugins'),
    store: metadata,
    clock: systemClock,
    logger,
  });
}

function placeOf(name: string): string {
  return path.join(folder, 'shelf', name);
}

/** A plugin as it should be: volumes are directories of its own. */
function answer(method: string, question: Record<string, unknown>): PluginReply | undefined {
  const lie = lies[method];
  if (lie !== undefined) return lie;
  const [name, id] = [String(question['Name']), String(question['ID'])];
  const holders = volumes.get(name);
  const told = (each: string): object => ({
    Name: each,
    Mountpoint: volumes.get(each)?.size ? placeOf(each) : '',
    CreatedAt: '2024-02-03T04:05:06Z',
    Status: { on: 'shelf' },
  });
  switch (method) {
    case 'VolumeDriver.Capabilities':
      return { Capabilities: { Scope: 'global' } };
    case 'VolumeDriver.Create':
      volumes.set(name, new Set());
      mkdirSync(placeOf(name), { recursive: true });
      return { Err: '' };
    case 'VolumeDriver.List':
      return { Volumes: [...volumes.keys()].map(told) };
    case 'VolumeDriver.Get':
      return holders === undefined
        ? { status: 500, text: '{"Err":"no such volume"}' }
        : { Volume: told(name) };
    case 'VolumeDriver.Path':
      return { Mountpoint: holders?.size ? placeOf(name) : '' };
    case 'VolumeDriver.Mount':
      holders?.add(id);
      return { Mountpoint: placeOf(name) };
    case 'VolumeDriver.Unmount':
      holders?.delete(id);
      return {};
    case 'VolumeDriver.Remove':
      volumes.delete(name);
      return {};
    default:
      return undefined;
  }
}

/** Methods since the last call, without those that only ask. */
function done(): string[] {
  const asking = /Activate|Get|Path|List|Capabilities/;
  return plugin.asked
    .splice(0)
    .filter(({ method }) => !asking.test(method))
    .map(({ method, question }) => [method.split('.')[1], ...Object.values(question)].map(String).join(' '));
}

test('a plugin makes, mounts, unmounts and removes a volume, and is told who has it', async () => {
  const made = await store.create({
    name: 'pool/v',
    driver: 'shelf',
    options: { tier: 'top' },
    labels: { a: 'b' },
  });
  assert.equal(made.isNew, true);
  assert.deepEqual(plugin.asked.find(({ method }) => method.endsWith('Create'))?.question, {
    Name: 'pool/v',
    Opts: { tier: 'top' },
  });
  done();
  const again = await store.create({ name: 'pool/v', options: { tier: 'low' } });
  assert.deepEqual([again.isNew, again.volume.options], [false, { tier: 'top' }]);
  const found = await store.find('pool/v');
  assert.deepEqual([found?.driver, found?.scope, found?.mountpoint], ['shelf', 'global', '']);
  assert.deepEqual([found?.createdAt, found?.status], ['2024-02-03T04:05:06Z', { on: 'shelf' }]);
  assert.equal(await store.mount('pool/v', 'c1'), placeOf('pool/v'));
  assert.equal(await store.mount('pool/v', 'c2'), placeOf('pool/v'));
  assert.equal((await store.find('pool/v'))?.mountpoint, placeOf('pool/v'));
  await store.unmount('pool/v', 'c1');
  await store.unmount('pool/v', 'c2');
  await store.unmount('pool/v', 'c2');
  await store.remove('pool/v');
  assert.deepEqual(done(), [
    'Mount pool/v c1',
    'Mount pool/v c2',
    'Unmount pool/v c1',
    'Unmount pool/v c2',
    'Remove pool/v',
  ]);
  assert.equal(await store.find('pool/v'), undefined);
  assert.deepEqual(store.driverNames(), ['local', 'shelf']);
});

test('a volume that only the plugin knows is listed, used without being made, and removed', async () => {
  volumes.set('theirs', new Set());
  mkdirSync(placeOf('theirs'), { recursive: true });
  await store.create({ name: 'ours' });
  const listed = await store.findAll();
  assert.deepEqual(
    listed.volumes.map(({ name, driver }) => [name, driver]),
    [
      ['ours', 'local'],
      ['theirs', 'shelf'],
    ],
  );
  const { volume, isNew } = await store.create({ name: 'theirs' });
  assert.deepEqual([volume.driver, isNew], ['shelf', false]);
  assert.deepEqual(done(), []);
  volumes.set('others', new Set());
  await store.remove('others');
  assert.deepEqual(done(), ['Remove others']);
});

test('an empty volume is filled from the image, through the plugin’s path', async () => {
  mkdirSync(path.join(folder, 'image'));
  writeFileSync(path.join(folder, 'image', 'page'), 'hello');
  await store.create({ name: 'v', driver: 'shelf' });
  const place = await store.mount('v', 'c1');
  await store.copyUp('v', { rootfs: folder, path: '/image' });
  assert.equal(readFileSync(path.join(place, 'page'), 'utf8'), 'hello');
  assert.deepEqual(readdirSync(path.join(folder, 'volumes')), []);
});

test('two drivers do not have a volume of one name, and a lost one is told', async () => {
  await store.create({ name: 'mine' });
  await assert.rejects(store.create({ name: 'mine', driver: 'shelf' }), {
    kind: 'conflict',
    message: "create mine: driver 'local' already has volume 'mine': volume name must be unique",
  });
  await store.create({ name: 'lost', driver: 'shelf' });
  await assert.rejects(
    store.create({ name: 'lost', driver: 'local' }),
    /driver 'shelf' already has volume 'lost'/,
  );
  volumes.delete('lost');
  store.acquire('lost', 'c1');
  await assert.rejects(
    store.create({ name: 'lost' }),
    /the volume was not found in the driver -- you may need to remove/,
  );
  store.release('lost', 'c1');
  const made = await store.create({ name: 'lost' });
  assert.deepEqual([made.isNew, made.volume.driver], [true, 'local']);
});

test('what a plugin says against it is told in its own words, and nothing is recorded', async () => {
  lies = { 'VolumeDriver.Create': { Err: 'the shelf is full' } };
  const create = (): Promise<unknown> => store.create({ name: 'v', driver: 'shelf' });
  await assert.rejects(create(), { message: 'create v: the shelf is full' });
  lies = { 'VolumeDriver.Create': { status: 500, text: '{"Err":"the shelf fell"}' } };
  await assert.rejects(create(), { message: 'create v: VolumeDriver.Create: the shelf fell' });
  assert.equal(store.get('v'), undefined);
  lies = {};
  await create();
  lies = { 'VolumeDriver.Remove': { Err: 'it is nailed down' }, 'VolumeDriver.Unmount': { Err: 'stuck' } };
  await store.mount('v', 'c1');
  await assert.rejects(store.unmount('v', 'c1'), /stuck/);
  assert.deepEqual(store.get('v')?.heldBy, []);
  await assert.rejects(store.remove('v'), { message: 'remove v: it is nailed down' });
  assert.ok(store.get('v'));
  await store.remove('v', { force: true });
  assert.equal(store.get('v'), undefined);
});

test('a plugin that lies about places and names is not believed', async () => {
  await store.create({ name: 'v', driver: 'shelf' });
  writeFileSync(path.join(folder, 'file'), '');
  for (const Mountpoint of [
    '/',
    '/../..',
    '',
    'shelf/v',
    5,
    null,
    '/nowhere',
    path.join(folder, 'file'),
    '/etc\u0000',
  ]) {
    lies = { 'VolumeDriver.Mount': { Mountpoint } };
    await assert.rejects(store.mount('v', 'c1'), { code: 'volume-mount-failed' }, String(Mountpoint));
    assert.deepEqual(store.get('v')?.heldBy, []);
  }
  lies = {
    'VolumeDriver.List': {
      Volumes: [5, null, {}, { Name: 'a\nb' }, { Name: 'x', Mountpoint: 'up', Status: [] }],
    },
  };
  assert.deepEqual(
    (await store.findAll()).volumes.map(({ name, mountpoint, status }) => [name, mountpoint, status]),
    [['x', '', undefined]],
  );
  lies = { 'VolumeDriver.List': { Volumes: 'many' } };
  assert.deepEqual((await store.findAll()).warnings, [
    'list shelf: volume plugin shelf: its list of volumes is none',
  ]);
  lies = { 'VolumeDriver.Get': { Volume: { Name: 'another', Mountpoint: '/' } } };
  assert.equal(await store.find('v'), undefined);
});

test('a plugin that is gone is a warning in lists, an error where it is needed, and back when it is back', async () => {
  await store.create({ name: 'ours' });
  await store.create({ name: 'v', driver: 'shelf' });
  await plugin.stop();
  const { volumes: listed, warnings } = await store.findAll();
  assert.deepEqual(
    listed.map(({ name }) => name),
    ['ours', 'v'],
  );
  assert.deepEqual(warnings, ['list shelf: plugin "shelf" not found']);
  await assert.rejects(store.find('v'), {
    message: 'get v: error while checking if volume "v" exists in driver "shelf": plugin "shelf" not found',
  });
  await assert.rejects(store.mount('v', 'c1'), /plugin "shelf" not found/);
  await assert.rejects(store.create({ name: 'v' }), {
    kind: 'conflict',
    message: /found reference to volume 'v' in driver 'shelf', but got an error while checking the driver/,
  });
  await assert.rejects(store.create({ name: 'w', driver: 'shelf' }), {
    kind: 'not-found',
    message: 'create w: error looking up volume plugin shelf: plugin "shelf" not found',
  });
  await plugin.listen();
  assert.equal(await store.mount('v', 'c1'), placeOf('v'));
});

test('a plugin of another role drives no volumes', async () => {
  await using _other = await FakePlugin.start(
    path.join(folder, 'plugins', 'guard.sock'),
    ['authz'],
    () => undefined,
  );
  await assert.rejects(store.create({ name: 'v', driver: 'guard' }), {
    message:
      'create v: error looking up volume plugin guard: plugin does not implement the requested driver: VolumeDriver',
  });
  assert.deepEqual((await store.findAll()).warnings, []);
});

test('after a kill the plugin is told who let go, and asked again by those who live', async () => {
  await store.create({ name: 'v', driver: 'shelf' });
  for (const holder of ['lives', 'died']) await store.mount('v', holder);
  done();
  await reopen();
  await store.keepMounts(new Set(['lives']));
  assert.equal(await store.mount('v', 'lives'), placeOf('v'));
  assert.deepEqual(done(), ['Unmount v died', 'Mount v lives']);
  assert.deepEqual(store.get('v')?.heldBy, ['lives']);
});

test('a removal that a kill interrupted is not taken for done', async () => {
  await store.create({ name: 'v', driver: 'shelf' });
  const records = metadata.collection<object>('volumes', { version: 2, migrate: () => ({}) });
  records.put('v', { ...records.get('v'), removing: true });
  await reopen();
  assert.ok(store.get('v'));
});
