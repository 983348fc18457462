import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DocumentTooLargeError, InvalidDocumentError, TooManyLayersError } from './errors.ts';
import { parseImageConfig } from './image-config.ts';
import { maxDocumentBytes } from './json-document.ts';
import { manifestKind, parseIndex, parseManifest, verifyLayerCount } from './manifest.ts';
import { mediaTypes } from './media-types.ts';

const digest = `sha256:${'ab'.repeat(32)}`;
const config = { mediaType: mediaTypes.config, digest, size: 10 };
const layer = { mediaType: mediaTypes.layerGzip, digest, size: 20 };
const manifest = { schemaVersion: 2, mediaType: mediaTypes.manifest, config, layers: [layer] };
const index = {
  schemaVersion: 2,
  mediaType: mediaTypes.index,
  manifests: [{ ...config, mediaType: mediaTypes.manifest }],
};
const image = { os: 'linux', architecture: 'amd64', rootfs: { type: 'layers', diff_ids: [digest] } };

function json(document: unknown): Buffer {
  return Buffer.from(typeof document === 'string' ? document : JSON.stringify(document));
}

describe('parseManifest', () => {
  it('reads an OCI and a Docker manifest, with and without media type', () => {
    assert.equal(parseManifest(json(manifest)).layers[0]?.digest, digest);
    assert.equal(parseManifest(json(manifest), mediaTypes.manifest).config.size, 10);
    assert.equal(parseManifest(json({ ...manifest, mediaType: mediaTypes.dockerManifest })).config.size, 10);
    assert.equal(
      parseManifest(json({ ...manifest, mediaType: undefined }), mediaTypes.dockerManifest).layers.length,
      1,
    );
  });

  it('takes null for what is missing, as Go writes it', () => {
    const parsed = parseManifest(json({ ...manifest, layers: null, annotations: null, subject: null }));
    assert.deepEqual(parsed.layers, []);
    assert.ok(!('annotations' in parsed));
  });

  it('refuses ten thousand layers, naming the number', () => {
    assert.throws(
      () => parseManifest(json({ ...manifest, layers: Array.from({ length: 10_000 }, () => layer) })),
      (error) => error instanceof TooManyLayersError && error.message.includes('10000 layers'),
    );
  });

  it('refuses a hundred megabytes without parsing them', () => {
    assert.throws(() => parseManifest(Buffer.alloc(100 << 20, '[')), DocumentTooLargeError);
  });

  const bad: Record<string, unknown> = {
    'an index as well': { ...manifest, manifests: [] },
    'the media type of an index': { ...manifest, mediaType: mediaTypes.index },
    'an unknown media type': { ...manifest, mediaType: 'text/plain' },
    'schema version 1': { ...manifest, schemaVersion: 1 },
    'no config': { ...manifest, config: undefined },
    'a null config': { ...manifest, config: null },
    'a digest that climbs': { ...manifest, config: { ...config, digest: 'sha256:../../etc/passwd' } },
    'a digest of another algorithm': { ...manifest, config: { ...config, digest: `md5:${'a'.repeat(32)}` } },
    'a negative size': { ...manifest, layers: [{ ...layer, size: -1 }] },
    'a fractional size': { ...manifest, layers: [{ ...layer, size: 1.5 }] },
    'a layer without size': { ...manifest, layers: [{ ...layer, size: undefined }] },
    'a null layer': { ...manifest, layers: [null] },
    'layers that are no list': { ...manifest, layers: { 0: layer } },
    'annotations that are numbers': { ...manifest, annotations: { a: 1 } },
    'a list instead of an object': [manifest],
    'text after it': `${JSON.stringify(manifest)}x`,
    'half of it': JSON.stringify(manifest).slice(0, 50),
    nothing: '',
    'deep nesting': `${'['.repeat(100_000)}${']'.repeat(100_000)}`,
  };
  for (const [what, document] of Object.entries(bad)) {
    it(`refuses ${what}`, () => {
      assert.throws(() => parseManifest(json(document)), InvalidDocumentError);
    });
  }

  it('refuses a document that is not what it was announced as', () => {
    assert.throws(() => parseManifest(json(manifest), mediaTypes.dockerManifest), InvalidDocumentError);
    assert.throws(
      () => parseManifest(json({ ...manifest, mediaType: undefined }), mediaTypes.index),
      InvalidDocumentError,
    );
  });

  it('refuses what is not UTF-8', () => {
    const bytes = json({ ...manifest, annotations: { a: 'X' } });
    bytes[bytes.indexOf('X')] = 0xff;
    assert.throws(() => parseManifest(bytes), InvalidDocumentError);
  });

  it('does not count brackets inside text', () => {
    const text = '[{"\\'.repeat(1000);
    assert.equal(parseManifest(json({ ...manifest, annotations: { text } })).annotations?.['text'], text);
  });
});

describe('parseIndex', () => {
  it('reads an index and keeps platforms', () => {
    const platform = { os: 'linux', architecture: 'arm', variant: 'v7' };
    const parsed = parseIndex(json({ ...index, manifests: [{ ...config, platform }] }));
    assert.deepEqual(parsed.manifests[0]?.platform, platform);
    assert.deepEqual(parseIndex(json({ ...index, manifests: null })).manifests, []);
  });

  for (const field of ['layers', 'config', 'fsLayers']) {
    it(`refuses an index that also has ${field}`, () => {
      assert.throws(() => parseIndex(json({ ...index, [field]: [] })), InvalidDocumentError);
    });
  }

  it('refuses a platform without an architecture', () => {
    const manifests = [{ ...config, platform: { os: 'linux' } }];
    assert.throws(() => parseIndex(json({ ...index, manifests })), InvalidDocumentError);
  });
});

describe('manifestKind', () => {
  it('goes by media type, then by fields, and refuses what is both or neither', () => {
    assert.equal(manifestKind(json(manifest)), 'manifest');
    assert.equal(manifestKind(json(index)), 'index');
    assert.equal(manifestKind(json({ ...index, mediaType: undefined })), 'index');
    assert.equal(manifestKind(json({ ...manifest, mediaType: '' })), 'manifest');
    assert.throws(() => manifestKind(json({ ...manifest, manifests: [] })), InvalidDocumentError);
    assert.throws(() => manifestKind(json({ schemaVersion: 2 })), InvalidDocumentError);
  });
});

describe('parseImageConfig', () => {
  it('takes the nulls that Docker writes for missing values and keeps unknown fields', () => {
    const parsed = parseImageConfig(
      json({
        ...image,
        docker_version: '20',
        history: null,
        config: { Cmd: ['sh'], Entrypoint: null, Env: null, Volumes: null, Labels: null, Healthcheck: null },
      }),
    );
    assert.deepEqual(parsed.config, { Cmd: ['sh'] });
    assert.ok(!('history' in parsed));
    assert.equal((parsed as unknown as Record<string, unknown>)['docker_version'], '20');
  });

  it('reads volumes and ports with null or empty objects', () => {
    const parsed = parseImageConfig(json({ ...image, config: { Volumes: { '/a': {}, '/b': null } } }));
    assert.deepEqual(parsed.config?.Volumes, { '/a': {}, '/b': {} });
  });

  it('keeps a label named __proto__ a label', () => {
    const parsed = parseImageConfig(
      json(`{"os":"linux","architecture":"amd64","rootfs":{"type":"layers","diff_ids":[]},
      "config":{"Labels":{"__proto__":"x"}}}`),
    );
    assert.ok(Object.hasOwn(parsed.config?.Labels ?? {}, '__proto__'));
    assert.equal(({} as Record<string, unknown>)['x'], undefined);
  });

  const bad: Record<string, unknown> = {
    'a null step in its history': { ...image, history: [null] },
    'an environment of numbers': { ...image, config: { Env: [1] } },
    'a command that is text': { ...image, config: { Cmd: 'sh' } },
    'a null within a list': { ...image, config: { Cmd: [null] } },
    'labels that are a list': { ...image, config: { Labels: ['a'] } },
    'no architecture': { ...image, architecture: undefined },
    'no rootfs': { ...image, rootfs: undefined },
    'a rootfs of another type': { ...image, rootfs: { type: 'x', diff_ids: [] } },
    'a malformed diff id': { ...image, rootfs: { type: 'layers', diff_ids: ['sha256:x'] } },
    'a health check that is text': { ...image, config: { Healthcheck: 'x' } },
  };
  for (const [what, document] of Object.entries(bad)) {
    it(`refuses ${what}`, () => {
      assert.throws(() => parseImageConfig(json(document)), InvalidDocumentError);
    });
  }

  it('refuses more bytes than the bound', () => {
    assert.throws(() => parseImageConfig(Buffer.alloc(maxDocumentBytes + 1, ' ')), DocumentTooLargeError);
  });
});

describe('verifyLayerCount', () => {
  it('refuses a config with more or fewer diff ids than the manifest has layers', () => {
    const parsed = parseImageConfig(json(image));
    verifyLayerCount(parseManifest(json(manifest)), parsed);
    assert.throws(
      () => verifyLayerCount(parseManifest(json({ ...manifest, layers: [layer, layer] })), parsed),
      /1 diff ids for the 2 layers/,
    );
  });
});
