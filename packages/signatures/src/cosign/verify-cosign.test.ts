import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { CosignSigner, VerifyFixture } from '../../testing/index.ts';

const artifactType = 'application/vnd.dev.cosign.artifact.sig.v1+json';
const bundleType = 'application/vnd.dev.sigstore.bundle.v0.3+json';
let fixture: VerifyFixture;
let signer: CosignSigner;

beforeEach(async () => {
  fixture = await VerifyFixture.start();
  signer = new CosignSigner();
  fixture.write('team.pub', signer.publicKey);
  fixture.policy({ cosign: { keys: ['team.pub'] } });
});
afterEach(() => fixture[Symbol.asyncDispose]());

const refused = (message: RegExp): object => ({ code: 'image-not-verified', message });

describe('an image that cosign signed with a trusted key', () => {
  test('is let in by the signature under its tag', async () => {
    fixture.signatures.addTagged(fixture.image, [signer.simpleSigning(fixture.image.digest)]);
    assert.equal(await fixture.verify(), 'cosign key team.pub');
    assert.equal(await fixture.verify({ isAskedFor: true }), 'cosign key team.pub');
  });

  test('is let in by a signature that refers to it', async () => {
    const layer = signer.simpleSigning(fixture.image.digest);
    fixture.signatures.addReferrer(fixture.image, artifactType, [layer]);
    assert.equal(await fixture.verify(), 'cosign key team.pub');
  });

  test('is let in by a bundle that refers to it', async () => {
    fixture.signatures.addReferrer(fixture.image, bundleType, [signer.bundle(fixture.image.digest)]);
    assert.equal(await fixture.verify(), 'cosign key team.pub');
  });

  test('is let in by one of several signatures, and by any of the keys', async () => {
    const other = new CosignSigner();
    fixture.write('other.pub', other.publicKey);
    fixture.policy({ cosign: { keys: ['team.pub', 'other.pub'] } });
    const layers = [new CosignSigner(), other].map((one) => one.simpleSigning(fixture.image.digest));
    fixture.signatures.addTagged(fixture.image, layers);
    assert.equal(await fixture.verify(), 'cosign key other.pub');
  });

  test('is let in only with the annotations that the policy wants', async () => {
    fixture.policy({ cosign: { keys: ['team.pub'], annotations: { env: 'prod' } } });
    const { digest } = fixture.image;
    fixture.signatures.addTagged(fixture.image, [
      signer.simpleSigning(digest, { optional: { env: 'test' } }),
    ]);
    await assert.rejects(fixture.verify(), refused(/lacks the annotation env=prod/));
    fixture.signatures.addTagged(fixture.image, [
      signer.simpleSigning(digest, { optional: { env: 'prod' } }),
    ]);
    assert.equal(await fixture.verify(), 'cosign key team.pub');
  });
});

describe('an image is refused', () => {
  test('without a signature', async () => {
    await assert.rejects(fixture.verify(), refused(/is not verified: it has no cosign signature$/));
  });

  test('that another key signed', async () => {
    fixture.signatures.addTagged(fixture.image, [new CosignSigner().simpleSigning(fixture.image.digest)]);
    fixture.signatures.addReferrer(fixture.image, bundleType, [
      new CosignSigner().bundle(fixture.image.digest),
    ]);
    await assert.rejects(fixture.verify(), refused(/no signature of it is by team\.pub/));
  });

  test('with the signature of another image', async () => {
    const { digest } = fixture.putImage('two');
    fixture.signatures.addTagged(fixture.image, [signer.simpleSigning(digest)]);
    fixture.signatures.addReferrer(fixture.image, bundleType, [signer.bundle(digest)]);
    await assert.rejects(fixture.verify(), refused(new RegExp(`is one of "${digest}".*of another image`)));
  });

  test('with a signed document that is no signature of an image', async () => {
    const { image } = fixture;
    fixture.signatures.addTagged(image, [signer.simpleSigning(image.digest, { type: 'something else' })]);
    const attestation = signer.bundle(image.digest, { predicateType: 'https://slsa.dev/provenance/v1' });
    fixture.signatures.addReferrer(image, bundleType, [attestation]);
    await assert.rejects(fixture.verify(), refused(/"something else".*is an attestation/));
  });

  test('when what was signed was changed afterwards', async () => {
    const layer = signer.simpleSigning(fixture.image.digest);
    const bytes = Buffer.from(Buffer.from(layer.bytes).toString().replace('null', '{"env":"prod"}'));
    fixture.signatures.addTagged(fixture.image, [{ ...layer, bytes }]);
    await assert.rejects(fixture.verify(), refused(/no signature of it is by team\.pub/));
  });

  test('when the registry sends other bytes than the signature has, or more than any has', async () => {
    const layer = signer.simpleSigning(fixture.image.digest);
    fixture.signatures.addTagged(fixture.image, [layer]);
    for (const [digest, bytes] of fixture.registry.blobs) {
      if (Buffer.from(layer.bytes).equals(bytes))
        fixture.registry.blobs.set(digest, Buffer.alloc(bytes.length));
    }
    await assert.rejects(fixture.verify(), refused(/has other bytes than its digest says/));
    fixture.signatures.addTagged(fixture.image, [{ ...layer, bytes: Buffer.alloc((1 << 20) + 1) }]);
    await assert.rejects(fixture.verify(), refused(/is larger than 1048576 bytes/));
  });

  test('with signatures that cannot be read, each of which is told', async () => {
    for (const bytes of ['', 'null', '{}', '{"dsseEnvelope":{}}', '{"dsseEnvelope":{"payload":1}}']) {
      fixture.signatures.addReferrer(fixture.image, bundleType, [
        { mediaType: bundleType, bytes: Buffer.from(bytes) },
      ]);
    }
    fixture.signatures.addTagged(fixture.image, [
      { mediaType: 'application/vnd.dev.cosign.simplesigning.v1+json', bytes: Buffer.from('{}') },
    ]);
    await assert.rejects(fixture.verify(), refused(/Sigstore bundle/));
  });
});

test('a registry that does not answer is no image without a signature', async () => {
  fixture.registry.interfere = (_request, response) => {
    response.writeHead(500).end();
    return true;
  };
  await assert.rejects(fixture.verify(), { code: 'registry-refused' });
});
