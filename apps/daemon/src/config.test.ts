import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { ConfigError, loadConfig } from './config.ts';
import { parseFlags } from './flags.ts';

function load(
  json: string,
  argv: string[] = [],
  environment: NodeJS.ProcessEnv = {},
): ReturnType<typeof loadConfig> {
  const folder = mkdtempSync(path.join(tmpdir(), 'gantry-config-'));
  try {
    const file = path.join(folder, 'daemon.json');
    writeFileSync(file, json);
    return loadConfig(parseFlags(['--config-file', file, ...argv]), environment);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test('flags win over the environment, the environment over the file, the file over defaults', () => {
  const json = '{"data-root":"/file","exec-root":"/file-exec","bridge":"b1"}';
  const config = load(json, ['--data-root', '/flag'], {
    GANTRY_DATA_ROOT: '/env',
    GANTRY_EXEC_ROOT: '/env-exec',
  });
  assert.equal(config.dataRoot, '/flag');
  assert.equal(config.execRoot, '/env-exec');
  assert.equal(config.bridge, 'b1');
  assert.equal(config.pidFile, '/env-exec/gantryd.pid');
  assert.deepEqual(config.hosts, ['unix:///run/gantry/gantry.sock']);
  assert.ok(Object.isFrozen(config));
});

test('a key that gantryd does not have is refused with the file’s name', () => {
  assert.throws(() => load('{"insecure-registries":[]}'), /daemon\.json: unknown key 'insecure-registries'/);
});

test('a broken file, a wrong type and a relative path are refused', () => {
  assert.throws(() => load('{'), ConfigError);
  assert.throws(() => load('[]'), /not a JSON object/);
  assert.throws(() => load('{"debug":"yes"}'), /'debug' must be a boolean/);
  assert.throws(() => load('{"data-root":"here"}'), /'here' is not an absolute path/);
  assert.throws(() => load('{"log-level":"loud"}'), /'loud' is none of/);
});

test('certificates without tlsverify are refused rather than ignored', () => {
  assert.throws(() => load('{"tlscert":"/c"}'), /tlscert without tlsverify/);
});

test('a configuration file that was asked for and is missing is an error', () => {
  assert.throws(
    () => loadConfig(parseFlags(['--config-file', '/nonexistent/daemon.json']), {}),
    /cannot read/,
  );
});
