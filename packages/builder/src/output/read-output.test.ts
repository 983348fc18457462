import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parsePlatform } from '@gantry/oci';
import { readBuildOutput } from './read-output.ts';

const read = (type: string, attributes: Readonly<Record<string, string>> = {}) =>
  readBuildOutput({ type, attributes: new Map(Object.entries(attributes)), id: '' });

test('an image gets its names, its form and its way', () => {
  const output = read('image', {
    name: 'one,r.example:5000/two:3',
    push: 'true',
    'push-by-digest': '1',
    'oci-mediatypes': 'false',
    compression: 'zstd',
    'compression-level': '22',
    'force-compression': '',
    'rewrite-timestamp': 'true',
    'source-date-epoch': '7',
    'annotation.a': '1',
    'annotation-manifest[linux/arm64].b': '2',
    'annotation-index.c': '3',
    'annotation-manifest-descriptor.d': '4',
    'annotation-index-descriptor.e.f': '5',
  });
  const platform = parsePlatform('linux/arm64');
  assert.deepEqual(output, {
    type: 'image',
    names: ['docker.io/library/one:latest', 'r.example:5000/two:3'],
    store: true,
    push: true,
    pushByDigest: true,
    nameCanonical: false,
    danglingNamePrefix: '',
    form: {
      family: 'docker',
      packing: 'zstd',
      level: 22,
      forcePacking: true,
      rewriteTimestamp: true,
      sourceDateEpoch: 7,
      artifacts: false,
      annotations: {
        manifests: [
          { key: 'a', value: '1' },
          { key: 'b', value: '2', platform },
        ],
        descriptors: [{ key: 'd', value: '4' }],
        index: { c: '3' },
      },
      layoutAnnotations: { 'e.f': '5' },
    },
  });
});

test('a registry is an image that is sent and not kept', () => {
  const output = read('registry', { name: 'r.example/a' });
  assert.ok(output.type === 'image' && output.push && !output.store);
  assert.throws(() => read('registry'), { message: 'tag is needed when pushing to registry' });
});

test('archives, directories and nothing at all', () => {
  const archive = read('oci', { tar: 'false' });
  assert.ok(archive.type === 'oci' && !archive.tar);
  assert.deepEqual(read('local', { 'platform-split': 'false', 'attestation-prefix': 'x.' }), {
    type: 'local',
    id: '',
    platformSplit: false,
    attestationPrefix: 'x.',
  });
  assert.deepEqual(read('cacheonly'), { type: 'cacheonly' });
});

test('what is not known, or makes no sense, is refused by name', () => {
  assert.throws(() => read('nydus'), { code: 'build-option-not-built', message: /type nydus/ });
  assert.throws(() => read('image', { shiny: '1' }), { code: 'build-option-not-built', message: /'shiny'/ });
  assert.throws(() => read('local', { name: 'a' }), { code: 'build-option-not-built', message: /'name'/ });
  assert.throws(() => read('image', { compression: 'lzma' }), { message: /"lzma" of 'compression'/ });
  assert.throws(() => read('image', { 'compression-level': '10', compression: 'gzip' }), {
    message: /0 to 9/,
  });
  assert.throws(() => read('image', { push: 'maybe' }), { message: /"maybe" of 'push'/ });
  assert.throws(() => read('image', { 'annotation-index[linux/amd64].a': '1' }), {
    message: /of a platform/,
  });
});
