import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { Directory, RootedTree } from '@gantry/kernel';
import { findPackages } from './find-packages.ts';
import { spdxDocument } from './spdx.ts';

const files: Readonly<Record<string, string>> = {
  '/etc/os-release': 'PRETTY_NAME="Debian"\nID=debian\nVERSION_ID="12"\n',
  '/var/lib/dpkg/status': `Package: libc6
Status: install ok installed
Architecture: amd64
Version: 2.36-9+deb12u7
Description: GNU C Library
 many: words

Package: gone
Status: deinstall ok config-files
Version: 1
`,
  '/lib/apk/db/installed': 'C:Q1\nP:musl\nV:1.2.5-r0\nA:x86_64\nL:MIT\n\nP:zlib\nV:1.3\n',
  '/app/node_modules/@scope/lib/package.json': '{"name":"@scope/lib","version":"1.2.3","license":"ISC"}',
  '/app/node_modules/plain/package.json': '{"name":"plain","version":"0.1.0"}',
  '/app/node_modules/plain/test/package.json': '{"name":"fixture","version":"9"}',
  '/app/node_modules/broken/package.json': '{',
  '/usr/lib/python3/dist-packages/My_Lib-2.0.dist-info/METADATA':
    'Metadata-Version: 2.1\nName: My_Lib\nVersion: 2.0\n\nName: no\n',
  '/var/lib/rpm/rpmdb.sqlite': 'SQLite',
};

test('finds what dpkg, apk, npm and Python have installed, and tells what it cannot read', async () => {
  const root = mkdtempSync(path.join(tmpdir(), 'packages-'));
  try {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(path.dirname(root + name), { recursive: true });
      writeFileSync(root + name, text);
    }
    using tree = new RootedTree(Directory.openPath(root));
    const found = await findPackages({ root, tree }, new AbortController().signal);
    assert.deepEqual(
      found.packages.map(({ url }) => url),
      [
        'pkg:apk/debian/musl@1.2.5-r0?arch=x86_64&distro=debian-12',
        'pkg:apk/debian/zlib@1.3?distro=debian-12',
        'pkg:deb/debian/libc6@2.36-9%2Bdeb12u7?arch=amd64&distro=debian-12',
        'pkg:npm/%40scope/lib@1.2.3',
        'pkg:npm/plain@0.1.0',
        'pkg:pypi/my-lib@2.0',
      ],
    );
    assert.deepEqual(found.unread, ['/var/lib/rpm/rpmdb.sqlite']);
    const make = () => spdxDocument({ name: 'x', createdAt: new Date(0), found });
    const predicate = make().predicate as {
      comment: string;
      packages: { SPDXID: string; name: string }[];
      relationships: { relatedSpdxElement: string }[];
    };
    assert.deepEqual(make().predicate, predicate);
    assert.equal(predicate.comment, 'not read: /var/lib/rpm/rpmdb.sqlite');
    assert.equal(predicate.packages.length, 7);
    const ids = new Set(predicate.packages.map(({ SPDXID }) => SPDXID));
    assert.ok(predicate.relationships.every(({ relatedSpdxElement }) => ids.has(relatedSpdxElement)));
    assert.equal(ids.size, 7);
  } finally {
    rmSync(root, { recursive: true });
  }
});
