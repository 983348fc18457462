import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { RegistrySettingsError } from '@gantry/registry';
import { temporaryRoot } from '@gantry/testkit';
import { CommandLineError } from './command-line-error.ts';
import { loadSettings } from './configuration.ts';

test('a flag counts more than the environment, that more than the file, and that more than the default', async () => {
  await using root = await temporaryRoot('registry');
  const file = path.join(root.path, 'registry.json');
  await writeFile(
    file,
    JSON.stringify({
      root: '/file',
      'log-level': 'warn',
      storage: { 'max-uploads': 5, 'max-blob-size': '1G' },
    }),
  );
  const environment = {
    GANTRY_REGISTRY_ROOT: '/environment',
    GANTRY_REGISTRY_STORAGE__MAX_UPLOADS: '6',
    GANTRY_REGISTRY_GARBAGE_COLLECTION__GRACE: '3h',
    OTHER: 'x',
  };
  const settings = loadSettings(['--config', file, '--root=/flag'], environment);
  assert.equal(settings.root, '/flag');
  assert.equal(settings.logLevel, 'warn');
  assert.equal(settings.storage.maxUploads, 6);
  assert.equal(settings.storage.maxBlobBytes, 2 ** 30);
  assert.equal(settings.storage.uploadLifetimeMs, 86_400_000);
  assert.equal(settings.garbageCollection.graceMs, 3 * 3_600_000);
  assert.deepEqual(settings.listen, [{ kind: 'tcp', host: '127.0.0.1', port: 5000 }]);
  assert.ok(Object.isFrozen(settings));
});

test('addresses may be many, and are hosts with ports or sockets', () => {
  const { listen } = loadSettings(
    [
      '--listen',
      '127.0.0.1:0',
      '--listen=[::1]:5000',
      '--listen',
      'unix:///run/r.sock',
      '--listen',
      ':80',
      '--open',
    ],
    {},
  );
  assert.deepEqual(listen, [
    { kind: 'tcp', host: '127.0.0.1', port: 0 },
    { kind: 'tcp', host: '::1', port: 5000 },
    { kind: 'unix', path: '/run/r.sock' },
    { kind: 'tcp', host: '::', port: 80 },
  ]);
  assert.equal(loadSettings([], { GANTRY_REGISTRY_LISTEN: '127.0.0.1:1,127.0.0.1:2' }).listen.length, 2);
});

test('a registry that everybody may write to is refused beyond this machine, unless it is meant', () => {
  assert.throws(() => loadSettings(['--listen', '0.0.0.0:5000'], {}), /everybody might push/);
  assert.ok(loadSettings(['--listen', '0.0.0.0:5000', '--open'], {}).isOpen);
});

test('what cannot be meant is refused by its name', async () => {
  for (const words of [
    ['--nothing', 'x'],
    ['--storage.max-upload', '5'],
    ['--storage.max-uploads', '0'],
    ['--root', 'relative'],
    ['--listen', 'nowhere'],
    ['--listen', '127.0.0.1:99999'],
    ['--log-level', 'loud'],
    ['--garbage-collection.interval', 'often'],
    ['--__proto__.x', '1'],
  ]) {
    assert.throws(
      () => loadSettings(words, {}),
      (error) => error instanceof RegistrySettingsError || error instanceof CommandLineError,
      words.join(' '),
    );
  }
  assert.throws(() => loadSettings(['stray'], {}), CommandLineError);
  assert.throws(
    () => loadSettings(['--config', '/nowhere/registry.json'], {}),
    /cannot read the configuration/,
  );
  assert.throws(() => loadSettings([], { GANTRY_REGISTRY_NOTHING: 'x' }), /nothing: is not known/);
});

test('garbage collection by itself can be switched off', () => {
  assert.equal(
    loadSettings(['--garbage-collection.interval=false'], {}).garbageCollection.intervalMs,
    undefined,
  );
  assert.equal(loadSettings([], {}).garbageCollection.intervalMs, 86_400_000);
});
