import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { digestHex, InvalidDigestError, isDigest, parseDigest } from './digest.ts';

const hex = '0123456789abcdef'.repeat(4);

describe('parseDigest', () => {
  it('takes sha256 with 64 lower-case digits', () => {
    assert.equal(parseDigest(`sha256:${hex}`), `sha256:${hex}`);
    assert.equal(digestHex(parseDigest(`sha256:${hex}`)), hex);
  });

  const bad = {
    nothing: '',
    'no algorithm': hex,
    'another algorithm': `sha512:${hex}${hex}`,
    'upper case': `sha256:${hex.toUpperCase()}`,
    'a digit too few': `sha256:${hex.slice(1)}`,
    'a digit too many': `sha256:${hex}0`,
    'a newline at its end': `sha256:${hex}\n`,
    'a path': `sha256:../../../../etc/passwd${hex}`.slice(0, 71),
    'a space before it': ` sha256:${hex}`,
  };
  for (const [what, text] of Object.entries(bad)) {
    it(`refuses ${what}`, () => {
      assert.ok(!isDigest(text));
      assert.throws(() => parseDigest(text), InvalidDigestError);
    });
  }

  it('does not repeat a megabyte of nonsense in its message', () => {
    assert.throws(
      () => parseDigest('x'.repeat(1 << 20)),
      (error) => error instanceof InvalidDigestError && error.message.length < 300,
    );
  });
});
