import assert from 'node:assert/strict';
import {
  copyFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, it } from 'node:test';
import { silentLogger } from '@gantry/base';
import { temporaryRoot } from '@gantry/testkit';
import { NewerStoreError, StoreBusyError } from './errors.ts';
import type { MetadataStore } from './metadata-store.ts';
import { openMetadataStore } from './open-metadata-store.ts';
import { createDatabase, pageBytes } from './sqlite/database.ts';
import type { DamageReport } from './sqlite/salvage.ts';

interface Item {
  index: number;
  padding: string;
}

const count = 120;

describe('a damaged store', () => {
  it('never gives back anything but what was put, wherever a byte is flipped', async () => {
    await using root = await temporaryRoot('state');
    const original = makeStore(path.join(root.path, 'original.db'));
    const file = path.join(root.path, 'state.db');
    let reports = 0;
    for (let at = 0; at < original.length; at += at < 110 ? 1 : 2903) {
      // The version itself: a flipped bit there looks like a newer program's.
      if (at >= 60 && at < 64) continue;
      const bytes = Buffer.from(original);
      bytes[at] = (bytes[at] as number) ^ (1 << (at % 8));
      const { report } = openDamaged(file, bytes);
      if (report !== undefined) reports += 1;
    }
    assert.ok(reports > 50, `only ${reports} damages were noticed`);
  });

  it('loses nothing when only the header, the root or the index is damaged', async () => {
    await using root = await temporaryRoot('state');
    const original = makeStore(path.join(root.path, 'original.db'));
    const file = path.join(root.path, 'state.db');
    for (const page of [1, 2, 3]) {
      const bytes = Buffer.from(original);
      bytes.fill(0, (page - 1) * pageBytes, page * pageBytes);
      const { report, found } = openDamaged(file, bytes);
      assert.equal(report?.salvaged, count);
      assert.deepEqual(report.lost, []);
      assert.equal(found, count);
    }
  });

  it('names what was lost with a page, and keeps the rest', async () => {
    await using root = await temporaryRoot('state');
    const original = makeStore(path.join(root.path, 'original.db'));
    const file = path.join(root.path, 'state.db');
    const at = original.indexOf('"index":57,');
    const bytes = Buffer.from(original);
    bytes.fill(0, at - (at % pageBytes), at - (at % pageBytes) + pageBytes);
    const { report, found } = openDamaged(file, bytes);
    assert.ok(report !== undefined && report.lost.length > 0);
    assert.ok(report.lost.some((lost) => lost.collection === 'items' && lost.key === 'item-57'));
    assert.equal(found + report.lost.length, count);
    assert.ok(readFileSync(report.setAsidePath).equals(bytes));
  });

  it('names a document of which a single letter changed', async () => {
    await using root = await temporaryRoot('state');
    const original = makeStore(path.join(root.path, 'original.db'));
    const bytes = Buffer.from(original);
    bytes.write('"index":99,', original.indexOf('"index":57,'));
    const { report } = openDamaged(path.join(root.path, 'state.db'), bytes);
    assert.deepEqual(report?.lost, [{ collection: 'items', key: 'item-57' }]);
    assert.match(report.problem, /item-57/);
  });

  it('starts anew where nothing can be read, and keeps the file', async () => {
    await using root = await temporaryRoot('state');
    const file = path.join(root.path, 'state.db');
    for (const bytes of [Buffer.alloc(0), Buffer.from('not a database'), Buffer.alloc(20_000, 0xa5)]) {
      const { report } = openDamaged(file, bytes, 0);
      assert.ok(report !== undefined);
      assert.equal(report.salvaged, 0);
      assert.ok(readFileSync(report.setAsidePath).equals(bytes));
    }
  });

  it('starts anew where file and log are overwritten', async () => {
    await using root = await temporaryRoot('state');
    const file = path.join(root.path, 'state.db');
    writeFileSync(`${file}-wal`, Buffer.alloc(65_536, 'damaged'));
    assert.equal(openDamaged(file, Buffer.alloc(65_536, 'damaged'), 0).report?.salvaged, 0);
  });

  it('salvages what is left of a file that was cut short', async () => {
    await using root = await temporaryRoot('state');
    const original = makeStore(path.join(root.path, 'original.db'));
    const half = Math.floor(original.length / 2);
    const { report, found } = openDamaged(path.join(root.path, 'state.db'), original.subarray(0, half), 0);
    assert.ok(report !== undefined && found > count / 5);
  });

  it('does not bring deleted and replaced documents back', async () => {
    await using root = await temporaryRoot('state');
    const file = path.join(root.path, 'state.db');
    using store = openMetadataStore({ path: file, logger: silentLogger });
    const items = fill(store);
    for (let index = 0; index < count; index += 2) items.delete(`item-${index}`);
    for (let index = 1; index < count; index += 2) items.put(`item-${index}`, { index, padding: 'new' });
    store[Symbol.dispose]();
    const bytes = readFileSync(file);
    bytes.fill(0, 0, 100);
    writeFileSync(file, bytes);
    const { report, after } = reopen(file);
    using salvaged = after;
    const documents = salvaged.collection<Item>('items', { version: 1 }).entries();
    assert.equal(report?.salvaged, count / 2);
    assert.ok(documents.every(({ document }) => document.padding === 'new' && document.index % 2 === 1));
  });

  it('keeps acknowledged changes behind a damaged frame of the log', async () => {
    await using root = await temporaryRoot('state');
    const live = path.join(root.path, 'live.db');
    const file = path.join(root.path, 'state.db');
    using store = openMetadataStore({ path: live, logger: silentLogger });
    const items = store.collection<Item>('items', { version: 1 });
    for (let index = 0; index < count; index += 1) items.put(`item-${index}`, itemOf(index));
    const log = readFileSync(`${live}-wal`);
    for (const part of [0.3, 0.6]) {
      copyFileSync(live, file);
      const bytes = Buffer.from(log);
      const at = Math.floor(log.length * part);
      bytes[at] = (bytes[at] as number) ^ 0xff;
      writeFileSync(`${file}-wal`, bytes);
      const { report, after } = reopen(file);
      using salvaged = after;
      assert.match(report?.problem ?? '', /log/);
      const found = salvaged.collection<Item>('items', { version: 1 });
      assert.deepEqual(found.get(`item-${count - 1}`), itemOf(count - 1));
      assert.ok(found.entries().length > count * 0.9);
    }
  });

  it('takes a log that ends in the middle of a transaction as one that a crash cut off', async () => {
    await using root = await temporaryRoot('state');
    const live = path.join(root.path, 'live.db');
    const file = path.join(root.path, 'state.db');
    using store = openMetadataStore({ path: live, logger: silentLogger });
    const items = store.collection<Item>('items', { version: 1 });
    items.put('first', itemOf(1));
    store.transaction(() => {
      for (let index = 0; index < count; index += 1) items.put(`item-${index}`, itemOf(index));
    });
    copyFileSync(live, file);
    copyFileSync(`${live}-wal`, `${file}-wal`);
    truncateSync(`${file}-wal`, statSync(`${file}-wal`).size - 3000);
    const { report, after } = reopen(file);
    using whole = after;
    assert.equal(report, undefined);
    assert.deepEqual(whole.collection<Item>('items', { version: 1 }).entries(), [
      { key: 'first', document: itemOf(1) },
    ]);
  });

  it('is salvaged from its log alone when the file is gone', async () => {
    await using root = await temporaryRoot('state');
    const live = path.join(root.path, 'live.db');
    const file = path.join(root.path, 'state.db');
    using store = openMetadataStore({ path: live, logger: silentLogger });
    fill(store);
    copyFileSync(`${live}-wal`, `${file}-wal`);
    const { report, after } = reopen(file);
    using salvaged = after;
    assert.equal(report?.salvaged, count);
    assert.equal(salvaged.collection<Item>('items', { version: 1 }).entries().length, count);
  });

  it('goes on with a salvage that a crash interrupted', async () => {
    await using root = await temporaryRoot('state');
    const file = path.join(root.path, 'state.db');
    const row = {
      collection: 'items',
      key: 'a',
      version: 1,
      sequence: 5,
      document: '{"index":1,"padding":""}',
    };
    const points = [
      [file, `${file}-wal`],
      [`${file}.damaged-1`, `${file}-wal`],
      [`${file}.damaged-1`, `${file}.damaged-1-wal`],
    ];
    for (const [main = '', wal = ''] of points) {
      for (const name of readdirSync(root.path)) rmSync(path.join(root.path, name));
      writeFileSync(main, 'damaged');
      writeFileSync(wal, 'damaged log');
      createDatabase(`${file}.salvaged-1`, [row]);
      const { report, after } = reopen(file);
      using store = after;
      assert.equal(report, undefined);
      assert.equal(store.collection<Item>('items', { version: 1 }).get('a')?.index, 1);
      assert.equal(readFileSync(`${file}.damaged-1`, 'utf8'), 'damaged');
      assert.equal(readFileSync(`${file}.damaged-1-wal`, 'utf8'), 'damaged log');
    }
  });

  it('is set aside under a new number each time', async () => {
    await using root = await temporaryRoot('state');
    const file = path.join(root.path, 'state.db');
    for (const number of [1, 2, 3]) {
      writeFileSync(file, 'x');
      const { report, after } = reopen(file);
      after[Symbol.dispose]();
      assert.equal(report?.setAsidePath, `${file}.damaged-${number}`);
    }
  });
});

describe('opening a store', () => {
  it('refuses the file of a newer program and touches nothing', async () => {
    await using root = await temporaryRoot('state');
    const file = path.join(root.path, 'state.db');
    makeStore(file);
    const database = new DatabaseSync(file);
    database.exec('PRAGMA user_version = 2');
    database.close();
    const before = readFileSync(file);
    const names = readdirSync(root.path);
    assert.throws(() => openMetadataStore({ path: file, logger: silentLogger }), NewerStoreError);
    assert.ok(before.equals(readFileSync(file)));
    assert.deepEqual(readdirSync(root.path), names);
  });

  it('refuses a store that is open already', async () => {
    await using root = await temporaryRoot('state');
    const file = path.join(root.path, 'state.db');
    using store = openMetadataStore({ path: file, logger: silentLogger });
    store.collection<number>('numbers', { version: 1 }).put('a', 1);
    assert.throws(() => openMetadataStore({ path: file, logger: silentLogger }), StoreBusyError);
  });

  it('makes missing directories, and files for their owner alone', async () => {
    await using root = await temporaryRoot('state');
    const file = path.join(root.path, 'a/b/state.db');
    using store = openMetadataStore({ path: file, logger: silentLogger });
    store.collection<number>('numbers', { version: 1 }).put('a', 1);
    for (const name of [file, `${file}-wal`, path.dirname(file)]) {
      assert.equal(statSync(name).mode & 0o077, 0, name);
    }
  });

  it('leaves one file when it is closed', async () => {
    await using root = await temporaryRoot('state');
    makeStore(path.join(root.path, 'state.db'));
    assert.deepEqual(readdirSync(root.path), ['state.db']);
  });
});

function itemOf(index: number): Item {
  // Every tenth document needs overflow pages.
  return { index, padding: String(index).repeat(index % 10 === 0 ? 4000 : 40) };
}

function fill(store: MetadataStore): {
  delete: (key: string) => boolean;
  put: (key: string, item: Item) => void;
} {
  const items = store.collection<Item>('items', { version: 1 });
  store.transaction(() => {
    for (let index = 0; index < count; index += 1) items.put(`item-${index}`, itemOf(index));
  });
  return items;
}

/** The bytes of a closed store of `count` items. */
function makeStore(file: string): Buffer {
  const store = openMetadataStore({ path: file, logger: silentLogger });
  fill(store);
  store[Symbol.dispose]();
  return readFileSync(file);
}

function reopen(file: string): { report: DamageReport | undefined; after: MetadataStore } {
  let report: DamageReport | undefined;
  const after = openMetadataStore({ path: file, logger: silentLogger, onDamage: (told) => (report = told) });
  return { report, after };
}

/** Opens `bytes` as a store and checks that what it holds is right, complete but for `report`, and can be changed. */
function openDamaged(
  file: string,
  bytes: Buffer,
  expected: number = count,
): { report: DamageReport | undefined; found: number } {
  for (const suffix of ['', '-wal', '-shm']) if (existsSync(file + suffix)) rmSync(file + suffix);
  writeFileSync(file, bytes);
  const { report, after } = reopen(file);
  using store = after;
  const items = store.collection<Item>('items', { version: 1 });
  const entries = items.entries();
  for (const { key, document } of entries) {
    assert.equal(key, `item-${document.index}`);
    assert.deepEqual(document, itemOf(document.index));
  }
  if (expected > 0) assert.equal(entries.length + (report?.lost.length ?? 0), expected);
  items.put('new', itemOf(1));
  assert.ok(items.delete('new'));
  return { report, found: entries.length };
}
