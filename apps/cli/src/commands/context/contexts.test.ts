import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { crc32, deflateRawSync } from 'node:zlib';
import { TestAuthority } from '@gantry/testkit';
import { callGantry } from '../../../testing/call-program.ts';
import { FakeEngine } from '../../../testing/fake-engine.ts';
import type { ProgramResult } from '../../../testing/run-program.ts';

const { cert, key: privateKey } = new TestAuthority('authority').issue('localhost');
const directory = mkdtempSync(path.join(tmpdir(), 'gantry-contexts-'));
after(() => rmSync(directory, { recursive: true, force: true }));
const inDirectory = (file: string): string => path.join(directory, file);

function gantry(line: string, environment: Readonly<Record<string, string>> = {}): Promise<ProgramResult> {
  return callGantry(line.split(' '), { environment: { DOCKER_CONFIG: directory, ...environment } });
}

test('makes contexts, chooses one, and takes them away again', async () => {
  writeFileSync(inDirectory('ca.pem'), cert);
  writeFileSync(inDirectory('key.pem'), privateKey);
  const files = `ca=${inDirectory('ca.pem')},cert=${inDirectory('ca.pem')},key=${inDirectory('key.pem')}`;
  assert.equal((await gantry(`context create secured --docker host=tcp://h:2376,${files}`)).code, 0);
  assert.equal((await gantry('context use secured')).stderr, 'Current context is now "secured"\n');
  assert.equal((await gantry('context show')).stdout, 'secured\n');
  assert.match((await gantry('context ls')).stdout, /^secured \* .*tcp:\/\/h:2376/m);
  assert.match((await gantry('context rm secured')).stderr, /is in use, set -f flag to force remove/);
  assert.equal((await gantry('context export secured -')).code, 0);
  assert.equal((await gantry(`context export secured ${inDirectory('c.tar')}`)).code, 0);
  assert.equal((await gantry(`context import copy ${inDirectory('c.tar')}`)).code, 0);
  const [copy] = JSON.parse((await gantry('context inspect copy')).stdout) as { TLSMaterial: object }[];
  assert.deepEqual(copy?.TLSMaterial, { docker: ['ca.pem', 'cert.pem', 'key.pem'] });
  assert.equal((await gantry('context rm -f secured copy')).stdout, 'secured\ncopy\n');
  assert.equal((await gantry('context show')).stdout, 'default\n');
});

test('keeps keys from everybody else', async () => {
  const key = inDirectory('key.pem');
  await gantry(`context create private --docker host=tcp://h:1,cert=${inDirectory('ca.pem')},key=${key}`);
  const [made] = JSON.parse((await gantry('context inspect private')).stdout) as {
    Storage: { TLSPath: string };
  }[];
  const stored = path.join(made?.Storage.TLSPath ?? '', 'docker/key.pem');
  assert.equal(readFileSync(stored, 'utf8'), privateKey);
  assert.equal(statSync(stored).mode & 0o777, 0o600);
});

test('reads zip archives, stored and deflated, and refuses other files in them', async () => {
  const metadata = {
    Name: 'x',
    Metadata: { Description: 'zipped' },
    Endpoints: { docker: { Host: 'unix:///z' } },
  };
  for (const method of [0, 8] as const) {
    const files = { 'meta.json': JSON.stringify(metadata), 'tls/docker/ca.pem': cert };
    writeFileSync(inDirectory('c.zip'), zipOf(files, method));
    assert.equal((await gantry(`context import zip${method} ${inDirectory('c.zip')}`)).code, 0);
    const { stdout } = await gantry(`context inspect zip${method}`);
    const [read] = JSON.parse(stdout) as { Metadata: object; TLSMaterial: object }[];
    assert.deepEqual([read?.Metadata, read?.TLSMaterial], [metadata.Metadata, { docker: ['ca.pem'] }]);
  }
  for (const name of ['../../config.json', 'tls/docker/../x', 'tls/../../x', 'other']) {
    writeFileSync(inDirectory('bad.zip'), zipOf({ 'meta.json': '{}', [name]: '{}' }, 0));
    const { code, stderr } = await gantry(`context import bad ${inDirectory('bad.zip')}`);
    assert.deepEqual([code, /unexpected file/.test(stderr)], [1, true], name);
  }
});

test('keeps what it does not know in config.json, for the user alone', async () => {
  const file = inDirectory('config.json');
  writeFileSync(file, JSON.stringify({ auths: { r: { auth: 'eA==' } }, plugins: { p: { k: 'v' } } }));
  chmodSync(file, 0o600);
  assert.equal((await gantry('context use zip0')).code, 0);
  assert.deepEqual(JSON.parse(readFileSync(file, 'utf8')), {
    auths: { r: { auth: 'eA==' } },
    plugins: { p: { k: 'v' } },
    currentContext: 'zip0',
  });
  assert.equal(statSync(file).mode & 0o777, 0o600);
});

test('talks to the engine that the current context of config.json names, and says when that is gone', async () => {
  await using engine = await FakeEngine.start();
  engine.on('GET', '/containers/json', { json: [] });
  assert.equal((await gantry(`context create live --docker host=${engine.host}`)).code, 0);
  await gantry('context use live');
  assert.equal((await gantry('ps -q')).code, 0);
  assert.equal(engine.to('/containers/json').length, 1);
  await gantry('context rm -f live');
  const { code } = await gantry('ps -q', { DOCKER_CONTEXT: 'live' });
  assert.equal(code, 1);
  assert.equal(engine.to('/containers/json').length, 1);
});

/** A zip archive of one method: 0 stored, 8 deflated. */
function zipOf(files: Readonly<Record<string, string>>, method: 0 | 8): Buffer {
  const locals: Buffer[] = [];
  const entries: Buffer[] = [];
  let offset = 0;
  for (const [name, text] of Object.entries(files)) {
    const packed = method === 0 ? Buffer.from(text) : deflateRawSync(text);
    const shared = Buffer.alloc(26);
    shared.writeUInt16LE(20, 0);
    shared.writeUInt16LE(method, 4);
    shared.writeUInt32LE(crc32(text), 10);
    shared.writeUInt32LE(packed.length, 14);
    shared.writeUInt32LE(Buffer.byteLength(text), 18);
    shared.writeUInt16LE(name.length, 22);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE(offset, 10);
    const local = Buffer.concat([Buffer.from('PK\x03\x04'), shared, Buffer.from(name), packed]);
    entries.push(Buffer.concat([Buffer.from('PK\x01\x02\x14\0'), shared, tail, Buffer.from(name)]));
    locals.push(local);
    offset += local.length;
  }
  const directory = Buffer.concat(entries);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(entries.length, 8);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...locals, directory, end]);
}
