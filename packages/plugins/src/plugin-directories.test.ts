import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { FakePlugin } from '../testing/index.ts';
import { PluginDirectories } from './plugin-directories.ts';

let folder: string;
let directories: PluginDirectories;
before(() => {
  folder = mkdtempSync('/tmp/gantry-plugins-');
  for (const name of ['own', 'sockets', 'etc', 'usr']) mkdirSync(path.join(folder, name));
  directories = new PluginDirectories(place('own'), {
    sockets: place('sockets'),
    specifications: [place('etc'), place('usr')],
  });
});
after(() => rmSync(folder, { recursive: true }));

function place(...names: string[]): string {
  return path.join(folder, ...names);
}

test('sockets come before files, the engine’s own directory before Docker’s', async () => {
  await using _one = await FakePlugin.start(place('own', 'one.sock'), [], () => undefined);
  await using _same = await FakePlugin.start(place('sockets', 'one.sock'), [], () => undefined);
  await using _deep = await FakePlugin.start(place('sockets', 'deep', 'deep.sock'), [], () => undefined);
  writeFileSync(place('etc', 'one.spec'), 'unix:///elsewhere');
  writeFileSync(place('usr', 'filed.spec'), 'unix:///run/filed.sock\n');
  assert.deepEqual(directories.find('one'), { kind: 'unix', socketPath: place('own', 'one.sock') });
  assert.deepEqual(directories.find('deep'), {
    kind: 'unix',
    socketPath: place('sockets', 'deep', 'deep.sock'),
  });
  assert.deepEqual(directories.find('filed'), { kind: 'unix', socketPath: '/run/filed.sock' });
  assert.deepEqual(directories.names(), ['deep', 'filed', 'one']);
});

test('a file of JSON names an address and its TLS files', () => {
  const TLSConfig = { InsecureSkipVerify: true, CAFile: '/ca', CertFile: '/cert', KeyFile: '/key' };
  writeFileSync(place('etc', 'secure.json'), JSON.stringify({ Addr: 'https://there:7443/x', TLSConfig }));
  writeFileSync(place('etc', 'plain.json'), JSON.stringify({ Addr: 'tcp://[::1]:7000' }));
  assert.deepEqual(directories.find('secure'), {
    kind: 'tcp',
    host: 'there',
    port: 7443,
    tls: { insecureSkipVerify: true, caFile: '/ca', certFile: '/cert', keyFile: '/key' },
  });
  assert.deepEqual(directories.find('plain'), { kind: 'tcp', host: '[::1]', port: 7000 });
});

test('no name leads out of the directories, and a file that makes no sense is told', () => {
  writeFileSync(place('outside.sock'), '');
  writeFileSync(place('own', 'file.sock'), 'no socket');
  for (const name of ['nothing', 'file', '../outside', '', '.hidden', 'a/b', 'x'.repeat(200)]) {
    assert.throws(() => directories.find(name), {
      code: 'plugin-missing',
      message: `plugin ${JSON.stringify(name)} not found`,
    });
  }
  writeFileSync(place('etc', 'bad.json'), '{');
  writeFileSync(place('etc', 'odd.spec'), 'ftp://there');
  writeFileSync(place('etc', 'large.spec'), 'x'.repeat(100_000));
  for (const name of ['bad', 'odd', 'large']) {
    assert.throws(() => directories.find(name), { code: 'plugin-failed' }, name);
  }
});
