import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { after, describe, test } from 'node:test';
import { readAttestations } from './attestations.ts';
import { readAttributes, readFields } from './attributes.ts';
import { readCaches } from './caches.ts';
import { readCall } from './call.ts';
import { type OutputFlags, readOutputs } from './outputs.ts';
import { readSecrets } from './secrets.ts';
import { readSshAgents } from './ssh-agents.ts';

const directory = mkdtempSync('/tmp/gantry-build-options-');
after(() => rmSync(directory, { recursive: true, force: true }));

const fail = (message: RegExp): { code: RegExp; message: RegExp } => ({
  code: /^(?:command-failed|not-built)$/,
  message,
});

describe('fields of a flag', () => {
  test('are parted by commas, which quotes hold together', () => {
    assert.deepEqual(readFields('a,"b,""c""",'), ['a', 'b,"c"', '']);
    assert.deepEqual(readAttributes('TYPE=local,dest=a=b,alone'), [
      ['type', 'local'],
      ['dest', 'a=b'],
      ['alone', undefined],
    ]);
    assert.throws(() => readFields('"a'), fail(/missing "/));
    assert.throws(() => readFields('a"b'), fail(/bare "/));
  });
});

describe('outputs', () => {
  const read = (outputs: string[], more: Partial<OutputFlags> = {}): unknown =>
    readOutputs({ outputs, push: false, load: false, annotations: [], stdoutIsTerminal: false, ...more }).map(
      ({ type, attributes, destination }) => ({
        type,
        attributes: Object.fromEntries(attributes),
        ...(destination && { destination }),
      }),
    );

  test('are a directory or stdout in short, and have a type in full', () => {
    const directoryOutput = { kind: 'directory', path: 'out', removesOthers: false };
    assert.deepEqual(read(['out']), [{ type: 'local', attributes: {}, destination: directoryOutput }]);
    assert.deepEqual(read(['-']), [
      { type: 'tar', attributes: {}, destination: { kind: 'file', path: '-' } },
    ]);
    assert.deepEqual(read(['type=oci,dest=a.tar,compression=zstd']), [
      { type: 'oci', attributes: { compression: 'zstd' }, destination: { kind: 'file', path: 'a.tar' } },
    ]);
    assert.deepEqual(read(['type=oci,dest=layout,tar=false']), [
      { type: 'oci', attributes: { tar: 'false' }, destination: { kind: 'layout', path: 'layout' } },
    ]);
    assert.deepEqual(read(['type=registry,name=a/b']), [
      { type: 'image', attributes: { name: 'a/b', push: 'true' } },
    ]);
    assert.deepEqual(read(['type=docker']), [{ type: 'docker', attributes: {} }]);
  });

  test('are pushed and loaded in short, beside others', () => {
    assert.deepEqual(read([], { push: true }), [{ type: 'image', attributes: { push: 'true' } }]);
    assert.deepEqual(read(['type=image,name=x'], { push: true }), [
      { type: 'image', attributes: { name: 'x', push: 'true' } },
    ]);
    assert.deepEqual(read(['type=cacheonly'], { load: true }), [
      { type: 'cacheonly', attributes: {} },
      { type: 'docker', attributes: {} },
    ]);
  });

  test('carry annotations when they are images', () => {
    const annotations = ['org.a=b', 'index,manifest[linux/amd64]:org.c=d=e'];
    assert.deepEqual(read([], { annotations }), [
      {
        type: 'image',
        attributes: {
          'annotation.org.a': 'b',
          'annotation-index.org.c': 'd=e',
          'annotation-manifest[linux/amd64].org.c': 'd=e',
        },
      },
    ]);
    assert.throws(() => read([], { annotations: ['nothing'] }), fail(/expected key=value/));
    assert.throws(() => read([], { annotations: ['layer:a=b'] }), fail(/unknown annotation type "layer"/));
  });

  test('are refused without what they need', () => {
    writeFileSync(path.join(directory, 'file'), '');
    assert.throws(() => read(['dest=a,b=c']), fail(/type is required/));
    assert.throws(() => read(['type=local']), fail(/dest is required/));
    assert.throws(() => read([path.join(directory, 'file')]), fail(/is a file$/));
    assert.throws(() => read([`type=tar,dest=${directory}`]), fail(/is a directory$/));
    assert.throws(() => read(['-'], { stdoutIsTerminal: true }), fail(/refusing to write to console/));
  });
});

describe('secrets', () => {
  const file = path.join(directory, 'secret');
  writeFileSync(file, 'from a file');
  const environment = { TOKEN: 'from outside', id: 'by its id' };
  const value = (text: string): string => {
    const [read] = readSecrets([text], environment).values();
    return Buffer.from(read?.() ?? '').toString();
  };

  test('come from a file, a variable, or what has the name of the id', () => {
    assert.equal(value(`id=a,src=${file}`), 'from a file');
    assert.equal(value('id=a,env=TOKEN'), 'from outside');
    assert.equal(value('type=env,id=a,src=TOKEN'), 'from outside');
    assert.equal(value('id=id'), 'by its id');
    assert.equal(value(`id=${file}`), 'from a file');
  });

  test('are refused without an id, when they are not there, and past 500 kB', () => {
    const large = path.join(directory, 'large');
    writeFileSync(large, Buffer.alloc(500 * 1024 + 1));
    assert.throws(() => value('src=a'), fail(/missing ID/));
    assert.throws(() => value('id=a,src=/none'), fail(/failed to stat \/none/));
    assert.throws(() => value(`id=a,src=${large}`), fail(/secret a too big/));
    assert.throws(() => value('id=a,from=b'), fail(/unexpected key 'from'/));
    assert.throws(() => value('alone'), fail(/must be a key=value pair/));
  });
});

describe('ssh agents', () => {
  test('are the default one, a socket by name, or keys of files', async () => {
    const socket = path.join(directory, 'agent.sock');
    const server = createServer().listen(socket);
    await new Promise((resolve) => server.once('listening', resolve));
    const key = path.join(directory, 'id_ed25519');
    const { privateKey } = generateKeyPairSync('ed25519');
    writeFileSync(key, privateKey.export({ type: 'pkcs8', format: 'pem' }));
    try {
      const agents = readSshAgents(['default', `git=${socket}`, `other=${key},${key}`], {
        SSH_AUTH_SOCK: socket,
      });
      assert.deepEqual([...agents.keys()], ['default', 'git', 'other']);
      assert.throws(() => readSshAgents([`a=${socket},${key}`], {}), fail(/only a single socket/));
    } finally {
      server.close();
    }
    assert.throws(() => readSshAgents(['default'], {}), fail(/SSH_AUTH_SOCK/));
    assert.throws(() => readSshAgents(['a=/none'], {}), fail(/no such file/));
    writeFileSync(key, 'no key');
    assert.throws(() => readSshAgents([`a=${key}`], {}), fail(/failed to read the ssh key/));
  });
});

test('caches are a type with attributes, or references in a registry', () => {
  const read = (text: string): unknown[] =>
    readCaches([text]).map(({ type, attributes }) => [type, Object.fromEntries(attributes)]);
  assert.deepEqual(read('a/b:1,c'), [
    ['registry', { ref: 'a/b:1' }],
    ['registry', { ref: 'c' }],
  ]);
  assert.deepEqual(read('type=local,src=dir,mode=max'), [['local', { src: 'dir', mode: 'max' }]]);
  assert.throws(() => read('ref=a'), fail(/type required/));
});

test('attestations are switched on and off, in short and in full', () => {
  const read = (attest: string[], sbom: string, provenance: string): unknown =>
    Object.fromEntries(readAttestations({ attest, sbom, provenance }));
  assert.deepEqual(read([], 'true', 'mode=max'), { 'attest:sbom': '', 'attest:provenance': 'mode=max' });
  assert.deepEqual(read(['type=sbom,generator=x'], '', 'false'), { 'attest:sbom': 'generator=x' });
  assert.deepEqual(read(['type=sbom'], 'false', ''), {});
  assert.throws(() => read(['mode=max'], '', ''), fail(/type not specified/));
});

test('a call names what is asked of the Dockerfile, and the form of the answer', () => {
  assert.equal(readCall('build', false), undefined);
  const lint = { name: 'lint', format: 'text', ignoresStatus: false };
  assert.deepEqual(readCall('check', false), lint);
  assert.deepEqual(readCall('build', true), lint);
  assert.deepEqual(readCall('outline,format=json,ignorestatus', false), {
    name: 'outline',
    format: 'json',
    ignoresStatus: true,
  });
  assert.throws(() => readCall('outline', true), fail(/not compatible/));
  assert.throws(() => readCall('dance', false), fail(/unknown call "dance"/));
});
