import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { detectCompression } from './compression.ts';
import { UnsupportedMediaTypeError } from './errors.ts';
import {
  isForeignLayerType,
  isImageConfigType,
  isIndexType,
  isLayerType,
  isManifestType,
  layerCompression,
  layerMediaType,
  mediaTypes,
} from './media-types.ts';

describe('layer media types', () => {
  const cases: [mediaType: string, compression: string, isForeign: boolean][] = [
    [mediaTypes.layer, 'none', false],
    [mediaTypes.layerGzip, 'gzip', false],
    [mediaTypes.layerZstd, 'zstd', false],
    [mediaTypes.dockerLayer, 'none', false],
    [mediaTypes.dockerLayerGzip, 'gzip', false],
    [mediaTypes.dockerLayerZstd, 'zstd', false],
    ['application/vnd.docker.image.rootfs.foreign.diff.tar.gzip', 'gzip', true],
    ['application/vnd.oci.image.layer.nondistributable.v1.tar', 'none', true],
    ['application/vnd.oci.image.layer.nondistributable.v1.tar+zstd', 'zstd', true],
  ];
  for (const [mediaType, compression, isForeign] of cases) {
    it(`knows ${mediaType}`, () => {
      assert.equal(layerCompression(mediaType), compression);
      assert.equal(isForeignLayerType(mediaType), isForeign);
      assert.ok(isLayerType(mediaType));
    });
  }

  it('names what it does not know', () => {
    for (const mediaType of [`${mediaTypes.layerGzip}+encrypted`, 'text/plain', `${mediaTypes.layer}+xz`]) {
      assert.throws(() => layerCompression(mediaType), UnsupportedMediaTypeError);
    }
  });

  it('gives a type for each compression', () => {
    for (const compression of ['none', 'gzip', 'zstd'] as const) {
      assert.equal(layerCompression(layerMediaType(compression)), compression);
    }
  });
});

describe('document media types', () => {
  it('tells manifests, indexes and configs apart', () => {
    assert.ok(isManifestType(mediaTypes.dockerManifest) && !isManifestType(mediaTypes.dockerIndex));
    assert.ok(isIndexType(mediaTypes.index) && !isIndexType(mediaTypes.manifest));
    assert.ok(isImageConfigType(mediaTypes.dockerConfig));
    assert.ok(!isImageConfigType('application/vnd.oci.empty.v1+json'));
  });
});

describe('detectCompression', () => {
  it('goes by the first bytes', () => {
    assert.equal(detectCompression(gzipSync('x')), 'gzip');
    assert.equal(detectCompression(zstdCompressSync(Buffer.from('x'))), 'zstd');
    assert.equal(detectCompression(Buffer.from('5a2a4d18', 'hex')), 'zstd');
    assert.equal(detectCompression(Buffer.from('BZh9')), 'bzip2');
    assert.equal(detectCompression(Buffer.from('fd377a585a00', 'hex')), 'xz');
    assert.equal(detectCompression(Buffer.from('debian/')), 'none');
    assert.equal(detectCompression(new Uint8Array(0)), 'none');
  });
});
