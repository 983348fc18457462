import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { type SignerOptions, TestAuthority } from '@gantry/testkit';
import { CosignSigner, KeylessSigner, TestLog, VerifyFixture } from '../../../testing/index.ts';

const bundleType = 'application/vnd.dev.sigstore.bundle.v0.3+json';
const issuer = 'https://token.actions.test';
const workflow = 'https://code.test/acme/app/.github/workflows/release.yml@refs/heads/main';
const identity = { subject: workflow, issuer };
const authority = new TestAuthority('fulcio');
const log = new TestLog();
let fixture: VerifyFixture;

beforeEach(async () => {
  fixture = await VerifyFixture.start();
  fixture.write('trusted_root.json', log.trustedRoot(authority.cert));
  trust({ issuer, subject: 'https://code.test/acme/**' });
});
afterEach(() => fixture[Symbol.asyncDispose]());

function trust(...identities: object[]): void {
  fixture.policy({ cosign: { keyless: { 'trusted-root': 'trusted_root.json', identities } } });
}

function signerOf(options: SignerOptions = {}, by: TestAuthority = authority): KeylessSigner {
  return new KeylessSigner(by.issueSigner('signer', { identity, ...options }), log);
}

const refused = (message: RegExp): object => ({ code: 'image-not-verified', message });
const letIn = `cosign identity ${workflow} (by the word of ${issuer})`;

describe('an image that cosign signed without a key', () => {
  test('is let in for an identity that the policy names, by the signature under its tag', async () => {
    fixture.signatures.addTagged(fixture.image, [signerOf().simpleSigning(fixture.image.digest)]);
    assert.equal(await fixture.verify(), letIn);
  });

  test('is let in by a bundle that refers to it', async () => {
    fixture.signatures.addReferrer(fixture.image, bundleType, [signerOf().bundle(fixture.image.digest)]);
    assert.equal(await fixture.verify(), letIn);
  });

  test('is let in after its certificate has ended, when a log noted it before', async () => {
    const options = { from: '20240101000000Z', to: '20240101001000Z' };
    const layer = signerOf(options).simpleSigning(fixture.image.digest, {
      at: new Date('2024-01-01T00:05:00Z'),
    });
    fixture.signatures.addTagged(fixture.image, [layer]);
    assert.equal(await fixture.verify(), letIn);
  });

  test('is let in for an address of mail, and by a key where the policy names both', async () => {
    const mail = { subject: 'ada@acme.test', issuer };
    trust({ issuer, subject: 'ada@acme.test' });
    fixture.signatures.addTagged(fixture.image, [
      signerOf({ identity: mail }).simpleSigning(fixture.image.digest),
    ]);
    assert.match((await fixture.verify()) ?? '', /^cosign identity ada@acme\.test /);
    const signer = new CosignSigner();
    fixture.write('team.pub', signer.publicKey);
    const keyless = { 'trusted-root': 'trusted_root.json', identities: [{ issuer, subject: 'nobody' }] };
    fixture.policy({ cosign: { keys: ['team.pub'], keyless } });
    fixture.signatures.addTagged(fixture.image, [signer.simpleSigning(fixture.image.digest)]);
    assert.equal(await fixture.verify(), 'cosign key team.pub');
  });
});

describe('an image is refused', () => {
  const day = 86_400_000;
  const cases: Record<
    string,
    [message: RegExp, make: (digest: string) => ReturnType<KeylessSigner['bundle']>]
  > = {
    'that another identity signed': [
      /is by https:\/\/code\.test\/other\/app \(by the word of/,
      (digest) =>
        signerOf({ identity: { issuer, subject: 'https://code.test/other/app' } }).simpleSigning(digest),
    ],
    'whose identity another issuer told': [
      /by the word of https:\/\/evil\.test/,
      (digest) =>
        signerOf({ identity: { subject: workflow, issuer: 'https://evil.test' } }).simpleSigning(digest),
    ],
    'whose certificate is by another authority': [
      /is by no trusted authority/,
      (digest) => signerOf({}, new TestAuthority('other')).simpleSigning(digest),
    ],
    'whose certificate is by an authority of the same name': [
      /is not by the next one in its chain/,
      (digest) => signerOf({}, new TestAuthority('fulcio')).simpleSigning(digest),
    ],
    'that a log noted after its certificate had ended': [
      /has ended when it signed/,
      (digest) => signerOf({ from: '20240101000000Z', to: '20240101001000Z' }).simpleSigning(digest),
    ],
    'that a log noted before its certificate began': [
      /was not good yet when it signed/,
      (digest) =>
        signerOf({ from: '20300101000000Z' }).simpleSigning(digest, { at: new Date(Date.now() - day) }),
    ],
    'whose log is another': [
      /noted by the log [0-9a-f]{16}, which is not trusted/,
      (digest) =>
        new KeylessSigner(authority.issueSigner('s', { identity }), new TestLog()).simpleSigning(digest),
    ],
    'whose log entry is of another payload': [
      /entry is one of another signature/,
      (digest) => signerOf().simpleSigning(digest, { notedPayload: Buffer.from('other') }),
    ],
    'whose log entry has no promise': [
      /has no signed entry timestamp/,
      (digest) => signerOf().bundle(digest, { withPromise: false }),
    ],
    'whose certificate is not for signing code': [
      /is not for signing code/,
      (digest) => new KeylessSigner(authority.issueSigner('plain'), log).simpleSigning(digest),
    ],
    'that another key signed than its certificate’s': [
      /is not by the key of its certificate/,
      (digest) => {
        const { key } = authority.issueSigner('thief', { identity });
        const stolen = { ...authority.issueSigner('signer', { identity }), key };
        return new KeylessSigner(stolen, log).simpleSigning(digest);
      },
    ],
    'that was signed by a key': [
      /is by a key, not keyless/,
      (digest) => new CosignSigner().simpleSigning(digest),
    ],
  };
  for (const [title, [message, make]] of Object.entries(cases)) {
    test(title, async () => {
      const layer = make(fixture.image.digest);
      if (layer.mediaType === bundleType) fixture.signatures.addReferrer(fixture.image, bundleType, [layer]);
      else fixture.signatures.addTagged(fixture.image, [layer]);
      await assert.rejects(fixture.verify(), refused(message));
    });
  }

  test('whose log entry was changed, or names another time', async () => {
    const layer = signerOf().simpleSigning(fixture.image.digest);
    const bundle = layer.annotations?.['dev.sigstore.cosign/bundle'] ?? '';
    const changed = bundle.replace(/"integratedTime":\d+/, '"integratedTime":1700000000');
    const annotations = { ...layer.annotations, 'dev.sigstore.cosign/bundle': changed };
    fixture.signatures.addTagged(fixture.image, [{ ...layer, annotations }]);
    await assert.rejects(fixture.verify(), refused(/entry is not signed by the log/));
  });

  test('whose authority was not trusted any more when it signed', async () => {
    const past = { start: '2020-01-01T00:00:00Z', end: '2021-01-01T00:00:00Z' };
    fixture.write('trusted_root.json', log.trustedRoot(authority.cert, past));
    fixture.signatures.addTagged(fixture.image, [signerOf().simpleSigning(fixture.image.digest)]);
    await assert.rejects(fixture.verify(), refused(/is by no trusted authority/));
  });

  test('whose log was not trusted yet when it noted it', async () => {
    const options = { from: '20190101000000Z' };
    const layer = signerOf(options).simpleSigning(fixture.image.digest, {
      at: new Date('2019-06-01T00:00:00Z'),
    });
    fixture.signatures.addTagged(fixture.image, [layer]);
    fixture.write('trusted_root.json', log.trustedRoot(authority.cert, { start: '2018-01-01T00:00:00Z' }));
    await assert.rejects(fixture.verify(), refused(/which is not trusted/));
  });

  test('with the keyless signature of another image', async () => {
    fixture.signatures.addTagged(fixture.image, [signerOf().simpleSigning(fixture.putImage('two').digest)]);
    await assert.rejects(fixture.verify(), refused(/its signature is one of "sha256:/));
  });
});

test('a policy of keyless signatures that cannot be meant lets nothing in', async () => {
  const identities = [{ issuer, subject: workflow }];
  fixture.write('empty.json', '{"mediaType":"application/vnd.dev.sigstore.trustedroot+json;version=0.1"}');
  for (const [keyless, message] of [
    [{}, /without 'trusted-root' or 'identities'/],
    [{ 'trusted-root': 'trusted_root.json', identities: [] }, /without 'trusted-root' or 'identities'/],
    [{ 'trusted-root': 'trusted_root.json', identities: [{ issuer }] }, /without 'issuer' or 'subject'/],
    [{ 'trusted-root': 'missing.json', identities }, /missing\.json: ENOENT/],
    [{ 'trusted-root': 'empty.json', identities }, /has no authority of certificates, or no log/],
    [{ 'trusted-root': 'policy.json', identities }, /not a trusted root/],
  ] as const) {
    fixture.policy({ cosign: { keyless } });
    await assert.rejects(fixture.verify(), { code: 'signature-policy', message });
  }
});
