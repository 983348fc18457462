import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { temporaryRoot } from '@gantry/testkit';
import { type AptSource, formatDeb822, parseDeb822Sources, parseSourcesList } from './apt-source.ts';
import { type AptHost, chooseArchive, sourcesFor } from './choose-archive.ts';
import { distributions } from './distribution.ts';
import { readAptSources } from './read-sources.ts';
import { parseReleaseFile, releaseListName } from './release-file.ts';

const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg';
const plain: AptSource = {
  uri: 'http://mirror.example/debian',
  suite: 'bookworm',
  components: ['main', 'contrib'],
  signedBy: undefined,
  isTrusted: false,
};

test('one-line sources are read with their options; comments, sources and flat repositories are not', () => {
  const text = `
# deb http://mirror.example/debian no main
deb http://mirror.example/debian/ bookworm main contrib # why
deb [ arch=amd64,arm64 signed-by=${keyring} trusted=yes ] http://mirror.example/debian bookworm-updates main
deb-src http://mirror.example/debian bookworm main
deb http://mirror.example/flat ./
deb http://mirror.example/short
`;
  assert.deepEqual(parseSourcesList(text), [
    plain,
    { ...plain, suite: 'bookworm-updates', components: ['main'], signedBy: keyring, isTrusted: true },
  ]);
});

test('deb822 sources are read with several addresses and suites, comments, disabled stanzas and an inline key', () => {
  const text = `Types: deb deb-src
# a comment
URIs: http://mirror.example/debian/ http://other.example/debian
Suites: bookworm
  bookworm-updates
Components: main
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 AAAA
 -----END PGP PUBLIC KEY BLOCK-----

Types: deb
Enabled: no
URIs: http://mirror.example/off
Suites: x
Components: main
`;
  const sources = parseDeb822Sources(text);
  assert.deepEqual(
    sources.map(({ uri, suite }) => `${uri} ${suite}`),
    [
      'http://mirror.example/debian bookworm',
      'http://mirror.example/debian bookworm-updates',
      'http://other.example/debian bookworm',
      'http://other.example/debian bookworm-updates',
    ],
  );
  const [first] = sources;
  assert.equal(
    first?.signedBy,
    '-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nAAAA\n-----END PGP PUBLIC KEY BLOCK-----',
  );
  assert.deepEqual(parseDeb822Sources(formatDeb822(first)), [first]);
});

test('all files of the host are read, and a mirror list stands for its first address', async () => {
  await using root = await temporaryRoot();
  const parts = path.join(root.path, 'sources.list.d');
  mkdirSync(parts);
  writeFileSync(path.join(root.path, 'sources.list'), 'deb http://a.example/debian bookworm main\n');
  writeFileSync(
    path.join(root.path, 'mirrors'),
    '# list\nhttp://m.example/debian/\tpriority:1\nhttp://n.example/\n',
  );
  writeFileSync(path.join(parts, 'b.list'), `deb mirror+file:${root.path}/mirrors trixie main\n`);
  writeFileSync(path.join(parts, 'a.sources'), formatDeb822({ ...plain, suite: 'sid' }));
  writeFileSync(path.join(parts, 'c.list.save'), 'deb http://no.example x main\n');
  assert.deepEqual(
    (await readAptSources(root.path)).map(({ uri, suite }) => `${uri} ${suite}`),
    [
      'http://a.example/debian bookworm',
      'http://mirror.example/debian sid',
      'http://m.example/debian trixie',
    ],
  );
  assert.deepEqual(await readAptSources(path.join(root.path, 'none')), []);
});

test('a Release file is read within its signature', () => {
  const sum = 'a'.repeat(64);
  const release = parseReleaseFile(`-----BEGIN PGP SIGNED MESSAGE-----
Hash: SHA256

Origin: Debian
Label: Debian-Security
Suite: stable-security
Codename: bookworm-security
Version: 12
Date: Sat, 11 Jul 2026 10:16:37 UTC
MD5Sum:
 0ed6d4c8891eb86358b94bb35d9e4da4  1484322 main/binary-amd64/Packages
SHA256:
 ${sum}  1484322 main/binary-amd64/Packages
-----BEGIN PGP SIGNATURE-----
Origin: Evil
`);
  assert.equal(release?.origin, 'Debian');
  assert.equal(release.codename, 'bookworm-security');
  assert.equal(release.date.toISOString(), '2026-07-11T10:16:37.000Z');
  assert.deepEqual([...release.checksums], [['main/binary-amd64/Packages', sum]]);
  assert.equal(parseReleaseFile('<html>'), undefined);
});

test('the name of a list is the one that apt gives it', () => {
  assert.equal(
    releaseListName('http://user:word@mirror.example/debian_x', 'bookworm'),
    'mirror.example_debian%5fx_dists_bookworm',
  );
});

async function choose(
  host: Partial<AptHost>,
  id: 'debian' | 'ubuntu' = 'debian',
  suite = 'bookworm',
): Promise<string[] | undefined> {
  const whole = {
    sources: [],
    distributionId: 'debian',
    codename: 'bookworm',
    listsDirectory: '/none',
    ...host,
  };
  const archive = await chooseArchive(whole, distributions[id], suite);
  return (
    archive &&
    sourcesFor(archive, suite).map((source) => `${source.uri} ${source.suite} ${source.components.join('+')}`)
  );
}

const thirdParty: AptSource = {
  ...plain,
  uri: 'http://third.example/apt',
  signedBy: '/etc/apt/keyrings/third.gpg',
};
const security: AptSource = {
  ...plain,
  uri: 'http://mirror.example/debian-security',
  suite: 'bookworm-security',
  signedBy: keyring,
};

test('an archive is known by its key ring, and by the host suite where there is none; third parties are left out', async () => {
  assert.deepEqual(await choose({ sources: [thirdParty, { ...plain, signedBy: keyring }, security] }), [
    'http://mirror.example/debian bookworm main',
    'http://mirror.example/debian-security bookworm-security main',
  ]);
  assert.deepEqual(await choose({ sources: [{ ...thirdParty, suite: 'x', signedBy: undefined }, plain] }), [
    'http://mirror.example/debian bookworm main',
  ]);
  assert.equal(await choose({ sources: [thirdParty] }), undefined);
  assert.equal(await choose({ sources: [plain], distributionId: 'ubuntu' }), undefined);
});

test('what a Release file says of its origin beats all else', async () => {
  await using root = await temporaryRoot();
  const release = (origin: string): string => `Origin: ${origin}\nDate: Sat, 11 Jul 2026 10:16:37 UTC\n`;
  writeFileSync(path.join(root.path, 'third.example_apt_dists_bookworm_InRelease'), release('Third'));
  writeFileSync(path.join(root.path, 'mirror.example_debian_dists_bookworm_InRelease'), release('Debian'));
  const sources = [
    { ...thirdParty, signedBy: keyring },
    { ...plain, signedBy: '/custom.gpg' },
  ];
  assert.deepEqual(await choose({ sources, listsDirectory: root.path }), [
    'http://mirror.example/debian bookworm main',
  ]);
});

test('other suites come from the same archive, with their updates and security, and sid without', async () => {
  const sources = [
    { ...plain, signedBy: keyring },
    { ...plain, suite: 'bookworm-updates', signedBy: keyring },
    security,
  ];
  assert.deepEqual(await choose({ sources }, 'debian', 'trixie'), [
    'http://mirror.example/debian trixie main',
    'http://mirror.example/debian trixie-updates main',
    'http://mirror.example/debian-security trixie-security main',
  ]);
  assert.deepEqual(await choose({ sources }, 'debian', 'sid'), ['http://mirror.example/debian sid main']);
});

test("Ubuntu's components are those that the host uses", async () => {
  const ubuntu = {
    ...plain,
    uri: 'http://mirror.example/ubuntu',
    suite: 'noble',
    components: ['main', 'universe', 'partner'],
    signedBy: '/usr/share/keyrings/ubuntu-archive-keyring.gpg',
  };
  assert.deepEqual(await choose({ sources: [plain, ubuntu], distributionId: 'ubuntu' }, 'ubuntu', 'jammy'), [
    'http://mirror.example/ubuntu jammy main+universe',
  ]);
});
