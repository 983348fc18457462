import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { TestAuthority } from '@gantry/testkit';
import {
  type NotationOptions,
  NotationSigner,
  type SignatureLayer,
  VerifyFixture,
} from '../../testing/index.ts';

const artifactType = 'application/vnd.cncf.notary.signature';
const day = 24 * 3600 * 1000;
let fixture: VerifyFixture;
let authority: TestAuthority;

beforeEach(async () => {
  fixture = await VerifyFixture.start();
  authority = new TestAuthority('the authority');
  fixture.write('store/x509/ca/acme/root.crt', authority.cert);
  trust();
});
afterEach(() => fixture[Symbol.asyncDispose]());

/** The trust policy of a statement with these fields. */
function trust(more: object = {}): void {
  const statement = {
    name: 'acme',
    registryScopes: [fixture.name],
    signatureVerification: { level: 'strict' },
    trustStores: ['ca:acme'],
    trustedIdentities: ['x509.subject: C=US, ST=WA, O=acme'],
    ...more,
  };
  fixture.write('trustpolicy.json', JSON.stringify({ version: '1.0', trustPolicies: [statement] }));
  fixture.policy({ notation: { 'trust-policy': 'trustpolicy.json', 'trust-store': 'store' } });
}

function sign(layer: SignatureLayer): void {
  fixture.signatures.addReferrer(fixture.image, artifactType, [layer]);
}

const acme = (): NotationSigner => new NotationSigner(authority.issueSigner('acme'));
const refused = (message: RegExp): object => ({ code: 'image-not-verified', message });

for (const envelope of ['jws', 'cose'] as const) {
  const signed = (signer: NotationSigner, options: NotationOptions = {}): void =>
    sign(signer[envelope](fixture.image, options));

  describe(`an image with a signature in ${envelope.toUpperCase()}`, () => {
    test('of a trusted identity, under a trusted authority, is let in', async () => {
      signed(acme(), { expiry: new Date(Date.now() + day) });
      assert.equal(await fixture.verify(), 'certificate C=US, ST=WA, O=acme, CN=acme');
    });

    test('of another identity is refused, unless any is taken', async () => {
      signed(new NotationSigner(authority.issueSigner('evil')));
      await assert.rejects(fixture.verify(), refused(/O=evil, CN=evil is of no trusted identity/));
      trust({ trustedIdentities: ['*'] });
      assert.match((await fixture.verify()) ?? '', /O=evil/);
    });

    test('under another authority of the same name is refused', async () => {
      signed(new NotationSigner(new TestAuthority('the authority').issueSigner('acme')));
      await assert.rejects(fixture.verify(), refused(/is not from the trust store/));
    });

    test('that says a certificate is by an authority that did not sign it is refused', async () => {
      const forged = new TestAuthority('the authority').issueSigner('acme');
      signed(new NotationSigner({ ...forged, authority: authority.cert }));
      await assert.rejects(fixture.verify(), refused(/is not by the next one in its chain/));
    });

    test('by a key that is not its certificate’s is refused', async () => {
      const { key } = authority.issueSigner('acme');
      signed(new NotationSigner({ ...authority.issueSigner('acme'), key }));
      await assert.rejects(fixture.verify(), refused(/does not fit its certificate/));
    });

    test('of another image is refused', async () => {
      sign(acme()[envelope](fixture.putImage('two')));
      await assert.rejects(fixture.verify(), refused(/its signature is one of sha256:/));
    });

    test('that has ended is refused, or let in with a word where the policy does not enforce it', async () => {
      const expiry = new Date(Date.now() + day);
      signed(acme(), { expiry });
      fixture.at(new Date(Date.now() + 2 * day));
      await assert.rejects(fixture.verify(), refused(/its signature ended at/));
      trust({ signatureVerification: { level: 'permissive' } });
      assert.match((await fixture.verify()) ?? '', /CN=acme; not enforced: its signature ended at/);
    });

    test('whose certificate has ended, or was not good when it signed, is refused', async () => {
      const short = authority.issueSigner('acme', { from: '20240101000000Z', to: '20250101000000Z' });
      signed(new NotationSigner(short), { signingTime: new Date('2024-06-01T00:00:00Z') });
      await assert.rejects(fixture.verify(), refused(/CN=acme has ended \(timestamps are not looked at\)/));
      signed(new NotationSigner(short), { signingTime: new Date('2026-06-01T00:00:00Z') });
      await assert.rejects(fixture.verify(), refused(/CN=acme has ended when it signed/));
    });

    test('with an attribute that is critical and not known is refused', async () => {
      signed(acme(), { critical: { 'io.cncf.notary.verificationPlugin': 'theirs' } });
      await assert.rejects(
        fixture.verify(),
        refused(/critical attribute "io\.cncf\.notary\.verificationPlugin/),
      );
    });

    test('of a scheme that is not known is refused', async () => {
      signed(acme(), { scheme: 'notary.none' });
      await assert.rejects(fixture.verify(), refused(/of the scheme notary\.none/));
    });

    test('cut off anywhere, or with a byte turned, is refused with a word', async () => {
      const { bytes, mediaType } = acme()[envelope](fixture.image);
      for (let at = 0; at < bytes.length; at += 37) {
        const turned = Buffer.from(bytes);
        turned[at] = (turned[at] ?? 0) ^ 0x55;
        for (const wrong of [bytes.subarray(0, at), turned]) {
          fixture.signatures.clear(fixture.image);
          sign({ mediaType, bytes: wrong });
          // What is not signed may say anything: who made the signature, for one.
          await fixture.verify().then(
            (signer) => assert.match(signer ?? '', /CN=acme$/),
            (error: unknown) => assert.equal((error as { code?: string }).code, 'image-not-verified'),
          );
        }
      }
    });
  });
}

describe('a notation signature is refused', () => {
  test('of a certificate that may not sign', async () => {
    const certificate = authority.issueSigner('acme', { withoutKeyUsage: true });
    sign(new NotationSigner(certificate).jws(fixture.image));
    await assert.rejects(fixture.verify(), refused(/is not for signing \(key usage\)/));
  });

  test('of a certificate that may have been revoked, unless the policy does not ask', async () => {
    const certificate = authority.issueSigner('acme', { revocationUrl: 'http://crl.test/' });
    sign(new NotationSigner(certificate).jws(fixture.image));
    await assert.rejects(fixture.verify(), refused(/was revoked is not asked: override "revocation"/));
    trust({ signatureVerification: { level: 'strict', override: { revocation: 'skip' } } });
    assert.match((await fixture.verify()) ?? '', /CN=acme$/);
  });

  test('where no statement is about the image', async () => {
    trust({ registryScopes: ['registry.test/other'] });
    sign(acme().jws(fixture.image));
    await assert.rejects(fixture.verify(), refused(/no statement of the trust policy/));
    trust({ registryScopes: ['*'] });
    assert.match((await fixture.verify()) ?? '', /CN=acme$/);
  });

  test('where there is none', async () => {
    await assert.rejects(fixture.verify(), refused(/it has no notation signature$/));
  });
});

test('a trust policy that asks for what is not built is refused with its name', async () => {
  for (const [more, message] of [
    [
      { signatureVerification: { level: 'audit' } },
      /the level audit in acme: strict and permissive are taken/,
    ],
    [
      { signatureVerification: { level: 'strict', override: { integrity: 'log' } } },
      /overrides integrity by log/,
    ],
    [{ trustStores: ['tsa:acme'] }, /names the trust store tsa:acme/],
    [{ trustStores: ['ca:../../acme'] }, /names the trust store ca:\.\.\/\.\.\/acme/],
    [{ trustStores: ['ca:missing'] }, /ca\/missing/],
    [{ trustedIdentities: ['x509.subject: CN=acme'] }, /with C, ST and O at least/],
    [{ trustedIdentities: [] }, /has no trust stores or identities/],
  ] as const) {
    trust(more);
    await assert.rejects(fixture.verify(), { code: 'signature-policy', message });
  }
});
