import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { Accounts } from './accounts.ts';
import { idPool } from './id-pool.ts';
import { remappedIds } from './remapped-ids.ts';

const files = {
  passwd: 'root:x:0:0::/root:/bin/sh\nalice:x:1000:1000::/home/alice:/bin/sh\nbob:x:1001:1001::/:/bin/sh\n',
  group: 'root:x:0:\nalice:x:1000:\nbob:x:1001:\nstaff:x:50:\n',
  subuid: 'alice:300000:65536\nalice:200000:1000\n1001:500000:10\n# comment\nbroken\n',
  subgid: 'alice:400000:65536\nstaff:700000:5\nbob:600000:10\n',
};

function withAccounts(
  work: (accounts: Accounts, directory: string) => void,
  given: Partial<typeof files> = files,
): void {
  const directory = mkdtempSync(path.join(tmpdir(), 'gantry-accounts-'));
  try {
    for (const [name, text] of Object.entries(given)) writeFileSync(path.join(directory, name), text);
    work(new Accounts(directory), directory);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

const makeNone = (): never => assert.fail('no user is to be made');

test('a user’s ranges lie one after the other, in the order of the ids', () => {
  withAccounts((accounts) => {
    const maps = remappedIds('alice', accounts, makeNone);
    assert.deepEqual(maps, {
      uids: [
        { inside: 0, outside: 200_000, count: 1000 },
        { inside: 1000, outside: 300_000, count: 65_536 },
      ],
      gids: [{ inside: 0, outside: 400_000, count: 65_536 }],
    });
    assert.deepEqual(remappedIds('1000', accounts, makeNone), maps);
    assert.deepEqual(remappedIds('1000:alice', accounts, makeNone), maps);
  });
});

test('a group has ranges of its own, or those of the user; entries may be by number', () => {
  withAccounts((accounts) => {
    assert.deepEqual(remappedIds('bob:staff', accounts, makeNone), {
      uids: [{ inside: 0, outside: 500_000, count: 10 }],
      gids: [{ inside: 0, outside: 700_000, count: 5 }],
    });
    assert.deepEqual(remappedIds('bob:1000', accounts, makeNone)?.gids[0]?.outside, 400_000);
    assert.deepEqual(remappedIds('bob:root', accounts, makeNone)?.gids[0]?.outside, 600_000);
  });
});

test('nothing and root are not remapped', () => {
  withAccounts((accounts) => {
    assert.equal(remappedIds('', accounts, makeNone), undefined);
    assert.equal(remappedIds('root', accounts, makeNone), undefined);
  });
});

test('the default user is made where there is none', () => {
  withAccounts((accounts, directory) => {
    const append = (file: string, line: string): void =>
      appendFileSync(path.join(directory, file), `${line}\n`);
    const maps = remappedIds('default', accounts, (name) => {
      append('passwd', `${name}:x:999:995::/:/bin/false`);
      append('group', `${name}:x:995:`);
      for (const file of ['subuid', 'subgid']) append(file, `${name}:800000:65536`);
    });
    assert.deepEqual(maps?.uids, [{ inside: 0, outside: 800_000, count: 65_536 }]);
    assert.deepEqual(remappedIds('default', accounts, makeNone), maps);
  });
});

test('what cannot be found is named', () => {
  withAccounts((accounts) => {
    for (const [setting, message] of [
      ['a:b:c', 'invalid user/group specification in --userns-remap: "a:b:c"'],
      ['nobody-here', 'error during uid lookup for "nobody-here": no such user'],
      ['7777', 'uid 7777 has no entry in /etc/passwd'],
      ['alice:nowhere', 'error during gid lookup for "nowhere": no such group'],
      ['alice:7777', 'gid 7777 has no entry in /etc/group'],
    ] as const) {
      assert.throws(() => remappedIds(setting, accounts, makeNone), { code: 'user-remap', message });
    }
  });
  withAccounts(
    (accounts) => {
      assert.throws(
        () => remappedIds('alice', accounts, makeNone),
        /no subuid ranges found for user "alice"/,
      );
    },
    { passwd: files.passwd, group: files.group },
  );
});

test('ranges of containers’ own come from the user gantry, or from where nobody has any', () => {
  withAccounts((accounts, directory) => {
    const free = { first: 1_000_000_000, count: 805_306_368 };
    assert.deepEqual(idPool(accounts), { uids: free, gids: free });
    for (const file of ['subuid', 'subgid'])
      appendFileSync(path.join(directory, file), 'gantry:900000:131072\n');
    const own = { first: 900_000, count: 131_072 };
    assert.deepEqual(idPool(accounts), { uids: own, gids: own });
  });
});
