import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { CosignSigner, VerifyFixture } from '../../testing/index.ts';

let fixture: VerifyFixture;

beforeEach(async () => {
  fixture = await VerifyFixture.start();
});
afterEach(() => fixture[Symbol.asyncDispose]());

test('the first rule that matches decides, then the default', async () => {
  const rules = [
    { images: ['registry.test/**'], accept: true },
    { images: ['127.0.0.1:*/team/*'], reject: true },
    { images: ['**'], accept: true },
  ];
  fixture.policy({}, { rules });
  await assert.rejects(fixture.verify(), {
    code: 'image-not-verified',
    message: /the signature policy rejects it/,
  });
  fixture.policy({}, { rules: rules.toReversed() });
  assert.equal(await fixture.verify(), undefined);
  for (const [fallback, isIn] of [
    ['accept', true],
    ['reject', false],
  ] as const) {
    fixture.policy(
      {},
      { default: fallback, rules: [{ images: ['127.0.0.1/*'], accept: !isIn, reject: isIn }] },
    );
    const verified = await fixture.verify().then(
      () => true,
      () => false,
    );
    assert.equal(verified, isIn);
  }
});

test('a rule that is not enforced holds for those who ask', async () => {
  const signer = new CosignSigner();
  fixture.write('team.pub', signer.publicKey);
  fixture.policy({ cosign: { keys: ['team.pub'] }, enforce: false });
  assert.equal(await fixture.verify(), undefined);
  await assert.rejects(fixture.verify({ isAskedFor: true }), { code: 'image-not-verified' });
  fixture.signatures.addTagged(fixture.image, [signer.simpleSigning(fixture.image.digest)]);
  assert.equal(await fixture.verify({ isAskedFor: true }), 'cosign key team.pub');
});

test('who asks for a signature is refused what the policy lets in without one', async () => {
  fixture.policy({ accept: true });
  await assert.rejects(fixture.verify({ isAskedFor: true }), { message: /asks for no signature of it/ });
});

test('a policy that cannot be meant lets nothing in, and says why', async () => {
  fixture.write('broken.pub', '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n');
  for (const [rule, more, message] of [
    [{}, {}, /not one of accept, reject, cosign and notation/],
    [{ accept: true, reject: true }, {}, /not one of accept/],
    [{ accept: true }, { default: 'perhaps' }, /needs a 'default'/],
    [{ accept: true, sometimes: true }, {}, /has a 'sometimes', which is not known/],
    [{ accept: 'yes' }, {}, /'accept' that is not true or false/],
    [{ images: ['a b'], accept: true }, {}, /has a pattern of images that is none/],
    [{ cosign: { keys: [] } }, {}, /without 'keys' and 'keyless'/],
    [{ cosign: { keys: ['missing.pub'] } }, {}, /missing\.pub: ENOENT/],
    [{ cosign: { keys: ['broken.pub'] } }, {}, /broken\.pub: /],
    [{ cosign: { identity: 'ada@acme.test' } }, {}, /has a 'identity', which is not known/],
    [{ notation: { 'trust-store': 'store' } }, {}, /without 'trust-policy'/],
  ] as const) {
    fixture.policy(rule, more);
    await assert.rejects(fixture.verify(), { code: 'signature-policy', message });
  }
  fixture.write('policy.json', 'nonsense');
  await assert.rejects(fixture.verify(), { code: 'signature-policy', message: /is not JSON/ });
});
