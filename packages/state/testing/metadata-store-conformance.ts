import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type MetadataStore, NewerStoreError, type PageRequest } from '../src/index.ts';

/** A store that can be closed and opened again over the same documents. */
export interface ReopenableStore extends AsyncDisposable {
  /** Closes the store that it gave last, if any. */
  reopen(): MetadataStore;
}

type Cases = Readonly<Record<string, (stores: ReopenableStore) => void | Promise<void>>>;

interface Pet {
  name: string;
  legs?: number;
}

const pets = { version: 1 };

/** What every metadata store must do. `open` gives an empty one, which each test disposes. */
export function metadataStoreConformance(name: string, open: () => Promise<ReopenableStore>): void {
  for (const [part, cases] of Object.entries({ documents, transactions, versions })) {
    void describe(`${name}: ${part}`, () => {
      for (const [title, check] of Object.entries(cases)) {
        void it(title, async () => {
          await using stores = await open();
          await check(stores);
        });
      }
    });
  }
}

const documents: Cases = {
  'gives back what was put, replaced and deleted': (stores) => {
    const collection = stores.reopen().collection<Pet>('pets', pets);
    assert.equal(collection.get('a'), undefined);
    collection.put('a', { name: 'Ada' });
    collection.put('a', { name: 'Ada', legs: 4 });
    collection.put('b', { name: 'Bo' });
    assert.deepEqual(collection.get('a'), { name: 'Ada', legs: 4 });
    assert.equal(collection.delete('b'), true);
    assert.equal(collection.delete('b'), false);
    assert.deepEqual(collection.entries(), [{ key: 'a', document: { name: 'Ada', legs: 4 } }]);
  },

  'has everything again after it was closed and opened': (stores) => {
    const before = stores.reopen();
    before.collection<Pet>('pets', pets).put('a', { name: 'Ada' });
    before.collection<number>('numbers', pets).put('a', 7);
    const after = stores.reopen();
    assert.deepEqual(after.collection<Pet>('pets', pets).get('a'), { name: 'Ada' });
    assert.equal(after.collection<number>('numbers', pets).get('a'), 7);
  },

  'hands out copies': (stores) => {
    const collection = stores.reopen().collection<Pet>('pets', pets);
    const document: Pet = { name: 'Ada' };
    collection.put('a', document);
    document.name = 'changed';
    const copy = collection.get('a') as Pet;
    copy.name = 'changed';
    const [entry] = collection.entries();
    if (entry !== undefined) entry.document.name = 'changed';
    assert.deepEqual(collection.get('a'), { name: 'Ada' });
  },

  'gives a page of what begins with a prefix and comes after a key': (stores) => {
    const store = stores.reopen();
    const collection = store.collection<number>('numbers', pets);
    const keys = ['a', 'a/1', 'a/2', 'a/3', 'a0', 'b/1', 'é', 'é\u{10ffff}z', '\u{1f600}'];
    for (const [index, key] of keys.entries()) collection.put(key, index);
    store.collection<number>('others', pets).put('a/2', 7);
    const page = (wanted: PageRequest): string[] => collection.page(wanted).map(({ key }) => key);
    assert.deepEqual(page({ limit: 3 }), ['a', 'a/1', 'a/2']);
    assert.deepEqual(page({ prefix: 'a/', limit: 9 }), ['a/1', 'a/2', 'a/3']);
    assert.deepEqual(page({ prefix: 'a/', after: 'a/1', limit: 1 }), ['a/2']);
    assert.deepEqual(page({ prefix: 'a/', after: 'a/15', limit: 9 }), ['a/2', 'a/3']);
    assert.deepEqual(page({ prefix: 'a/', after: 'a/3', limit: 9 }), []);
    assert.deepEqual(page({ prefix: 'é', limit: 9 }), ['é', 'é\u{10ffff}z']);
    assert.deepEqual(page({ after: 'b/1', limit: 9 }), ['é', 'é\u{10ffff}z', '\u{1f600}']);
    assert.deepEqual(page({ prefix: '\u{10ffff}', limit: 9 }), []);
    assert.deepEqual(collection.page({ prefix: 'a/2', limit: 1 }), [{ key: 'a/2', document: 2 }]);
  },

  'lists in order of the keys as bytes': (stores) => {
    const collection = stores.reopen().collection<number>('numbers', pets);
    const keys = [
      'b',
      'a',
      'B',
      '10',
      '9',
      'é',
      '\u{1f600}',
      '\uffee',
      '',
      'a b',
      "x'); DROP TABLE documents; --",
    ];
    for (const key of keys) collection.put(key, 1);
    assert.deepEqual(
      collection.entries().map((entry) => entry.key),
      keys.toSorted((left, right) => Buffer.compare(Buffer.from(left), Buffer.from(right))),
    );
  },

  'keeps any JSON, large documents too': (stores) => {
    const collection = stores.reopen().collection<unknown>('any', pets);
    const values: unknown[] = [
      null,
      0,
      -1.5,
      '',
      '\u0000\ud83d\ude00"\\',
      [],
      { a: { deep: [1, [2]] } },
      false,
    ];
    values.push({ blob: 'x'.repeat(300_000) });
    for (const [index, value] of values.entries()) collection.put(String(index), value);
    for (const [index, value] of values.entries()) assert.deepEqual(collection.get(String(index)), value);
  },

  'refuses what is no JSON and names that cannot be stored': (stores) => {
    const collection = stores.reopen().collection<unknown>('any', pets);
    assert.throws(() => collection.put('a', undefined), TypeError);
    assert.throws(() => collection.put('a', 1n), TypeError);
    assert.throws(() => collection.put('a\0b', 1), TypeError);
    assert.throws(() => collection.put('\ud800', 1), TypeError);
    assert.deepEqual(collection.entries(), []);
  },

  'gives the same collection for the same name': (stores) => {
    const store = stores.reopen();
    assert.equal(store.collection('pets', pets), store.collection('pets', pets));
    assert.throws(() => store.collection('pets', { version: 2 }), TypeError);
  },

  'is of no use once it is closed, which may be said twice': (stores) => {
    const store = stores.reopen();
    const collection = store.collection<number>('numbers', pets);
    store[Symbol.dispose]();
    store[Symbol.dispose]();
    assert.throws(() => collection.put('a', 1));
  },
};

const transactions: Cases = {
  'keeps what lasts for the boot when it is opened again, alone and in a transaction': (stores) => {
    const store = stores.reopen();
    const fleeting = store.collection<number>('fleeting', { version: 1, lasts: 'boot' });
    fleeting.put('first', 1);
    fleeting.put('gone', 1);
    assert.equal(fleeting.delete('gone'), true);
    store.transaction(() => fleeting.put('second', 2), { lasts: 'boot' });
    store.transaction(() => fleeting.put('third', 3));
    const entries = stores.reopen().collection<number>('fleeting', { version: 1, lasts: 'boot' }).entries();
    assert.deepEqual(
      entries.map(({ document }) => document),
      [1, 2, 3],
    );
  },
  'lets nothing that lasts longer into a transaction for the boot, and does nothing of it': (stores) => {
    const store = stores.reopen();
    const collection = store.collection<number>('numbers', pets);
    const fleeting = store.collection<number>('fleeting', { version: 1, lasts: 'boot' });
    const work = (): void => {
      fleeting.put('first', 1);
      collection.put('first', 1);
    };
    assert.throws(() => store.transaction(work, { lasts: 'boot' }), TypeError);
    assert.equal(fleeting.get('first'), undefined);
    collection.put('first', 1);
    assert.equal(collection.get('first'), 1);
  },
  'keeps what is to be synced later, tells when it is, and has it when it is opened again': async (
    stores,
  ) => {
    const store = stores.reopen();
    const collection = store.collection<number>('numbers', pets);
    await store.synced();
    store.transaction(() => collection.put('a', 1), { sync: 'later' });
    assert.equal(collection.get('a'), 1);
    const first = store.synced();
    store.transaction(() => collection.put('b', 2), { sync: 'later' });
    await Promise.all([first, store.synced(), store.synced()]);
    store.transaction(() => collection.put('c', 3), { sync: 'later' });
    assert.equal(stores.reopen().collection<number>('numbers', pets).entries().length, 3);
  },
  'does all of a transaction, and returns what the work returned': (stores) => {
    const store = stores.reopen();
    const collection = store.collection<number>('numbers', pets);
    const result = store.transaction(() => {
      collection.put('a', 1);
      collection.put('b', 2);
      return collection.get('a');
    });
    assert.equal(result, 1);
    assert.equal(stores.reopen().collection<number>('numbers', pets).entries().length, 2);
  },

  'does nothing of a transaction that throws': (stores) => {
    const store = stores.reopen();
    const collection = store.collection<number>('numbers', pets);
    collection.put('kept', 1);
    const work = (): void => {
      collection.put('a', 1);
      collection.delete('kept');
      throw new Error('changed my mind');
    };
    assert.throws(() => store.transaction(work), /changed my mind/);
    assert.deepEqual(collection.entries(), [{ key: 'kept', document: 1 }]);
    collection.put('after', 2);
    assert.equal(stores.reopen().collection<number>('numbers', pets).get('after'), 2);
  },

  'undoes a nested call alone when the outer one goes on, and both when it does not': (stores) => {
    const store = stores.reopen();
    const collection = store.collection<number>('numbers', pets);
    const failing = (): void => {
      collection.put('inner', 1);
      throw new Error('inner');
    };
    store.transaction(() => {
      collection.put('outer', 1);
      assert.throws(() => store.transaction(failing), /inner/);
      store.transaction(() => collection.put('second', 1));
    });
    assert.deepEqual(
      collection.entries().map((entry) => entry.key),
      ['outer', 'second'],
    );
    const nesting = (): void => store.transaction(failing);
    assert.throws(() => store.transaction(nesting), /inner/);
    assert.equal(collection.get('inner'), undefined);
  },

  'refuses work that goes on later, and undoes it': (stores) => {
    const store = stores.reopen();
    const collection = store.collection<number>('numbers', pets);
    const work = (): Promise<void> => {
      collection.put('a', 1);
      return Promise.resolve();
    };
    assert.throws(() => store.transaction(work), TypeError);
    assert.equal(collection.get('a'), undefined);
  },
};

const versions: Cases = {
  'brings older documents to the new version once': (stores) => {
    stores.reopen().collection<string>('pets', pets).put('a', 'Ada');
    let migrated = 0;
    const options = {
      version: 3,
      migrate: (document: unknown, from: number): Pet => {
        migrated += 1;
        assert.equal(from, 1);
        return { name: document as string };
      },
    };
    assert.deepEqual(stores.reopen().collection<Pet>('pets', options).get('a'), { name: 'Ada' });
    assert.deepEqual(stores.reopen().collection<Pet>('pets', options).get('a'), { name: 'Ada' });
    assert.equal(migrated, 1);
  },

  'leaves everything as it was when a migration fails': (stores) => {
    const before = stores.reopen().collection<number>('numbers', pets);
    before.put('a', 1);
    before.put('b', 2);
    const store = stores.reopen();
    const migrate = (document: unknown): number => {
      if (document === 2) throw new Error('cannot');
      return (document as number) + 10;
    };
    assert.throws(() => store.collection<number>('numbers', { version: 2, migrate }), /cannot/);
    assert.throws(() => store.collection<number>('numbers', { version: 2 }), TypeError);
    assert.equal(stores.reopen().collection<number>('numbers', pets).get('a'), 1);
  },

  'refuses documents of a newer version and names the collection': (stores) => {
    stores
      .reopen()
      .collection<number>('numbers', { version: 2, migrate: () => 0 })
      .put('a', 1);
    const store = stores.reopen();
    assert.throws(
      () => store.collection<number>('numbers', pets),
      (error) => error instanceof NewerStoreError && error.message.includes('numbers'),
    );
  },
};
