import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { findContainerUser } from './container-user.ts';

function withRootfs(work: (rootfs: string) => void, files: Record<string, string> = {}): void {
  const rootfs = mkdtempSync(path.join(tmpdir(), 'gantry-user-'));
  try {
    mkdirSync(path.join(rootfs, 'etc'));
    for (const [name, text] of Object.entries(files)) writeFileSync(path.join(rootfs, 'etc', name), text);
    work(rootfs);
  } finally {
    rmSync(rootfs, { recursive: true });
  }
}

const files = {
  passwd: 'root:x:0:0:root:/root:/bin/sh\n# comment\nbroken line\nweb:x:33:44::/var/www:/bin/sh\n',
  group: 'root:x:0:\nwww:x:44:\nadm:x:4:web,other\naudio:x:29:web\n',
};

test('a name or number finds its entry, groups and home', () => {
  withRootfs((rootfs) => {
    const web = { user: { uid: 33, gid: 44, additionalGids: [44, 4, 29] }, home: '/var/www' };
    assert.deepEqual(findContainerUser(rootfs, 'web', []), web);
    assert.deepEqual(findContainerUser(rootfs, '33', []), web);
    assert.deepEqual(findContainerUser(rootfs, '', []), {
      user: { uid: 0, gid: 0, additionalGids: [0] },
      home: '/root',
    });
  }, files);
});

test('a group of one’s own replaces the memberships, and further groups are added', () => {
  withRootfs((rootfs) => {
    assert.deepEqual(findContainerUser(rootfs, 'web:adm', ['audio', '99']).user, {
      uid: 33,
      gid: 4,
      additionalGids: [4, 29, 99],
    });
    assert.deepEqual(findContainerUser(rootfs, '7:8', []).user, { uid: 7, gid: 8, additionalGids: [8] });
  }, files);
});

test('an image without files has numbers only', () => {
  withRootfs((rootfs) => {
    assert.deepEqual(findContainerUser(rootfs, '1000', []), {
      user: { uid: 1000, gid: 0, additionalGids: [0] },
      home: '/',
    });
    assert.throws(() => findContainerUser(rootfs, 'web', []), {
      message: 'unable to find user web: no matching entries in passwd file',
    });
    assert.throws(() => findContainerUser(rootfs, '0:web', []), {
      message: 'unable to find group web: no matching entries in group file',
    });
    assert.throws(() => findContainerUser(rootfs, '4294967296', []), { kind: 'invalid' });
  });
});

test('a passwd file that is a link stays inside the container', () => {
  withRootfs((rootfs) => {
    symlinkSync('/etc/shadow-of-the-host', path.join(rootfs, 'etc/passwd'));
    assert.throws(() => findContainerUser(rootfs, 'root', []), /unable to find user root/);
    rmSync(path.join(rootfs, 'etc/passwd'));
    writeFileSync(path.join(rootfs, 'real'), 'root:x:5:6::/:/bin/sh\n');
    symlinkSync('../../../../../real', path.join(rootfs, 'etc/passwd'));
    assert.equal(findContainerUser(rootfs, 'root', []).user.uid, 5);
  });
});
