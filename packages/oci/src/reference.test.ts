import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { InvalidReferenceError } from './errors.ts';
import {
  canonicalString,
  familiarString,
  isMirror,
  isRepositoryPath,
  isTag,
  parseReference,
  parseReferenceWithTag,
  withTag,
} from './reference.ts';

const hex = 'a1b2c3d4'.repeat(8);

describe('parseReference', () => {
  const valid: Record<string, [canonical: string, familiar: string]> = {
    debian: ['docker.io/library/debian', 'debian'],
    'debian:bookworm': ['docker.io/library/debian:bookworm', 'debian:bookworm'],
    'library/debian': ['docker.io/library/debian', 'debian'],
    'docker.io/debian': ['docker.io/library/debian', 'debian'],
    'index.docker.io/user/app:1': ['docker.io/user/app:1', 'user/app:1'],
    'index.docker.io/debian': ['docker.io/library/debian', 'debian'],
    'docker.io/library/foo/bar': ['docker.io/library/foo/bar', 'library/foo/bar'],
    'mirror/debian:bookworm': ['docker.io/mirror/debian:bookworm', 'mirror/debian:bookworm'],
    localhost: ['docker.io/library/localhost', 'localhost'],
    'localhost:5000': ['docker.io/library/localhost:5000', 'localhost:5000'],
    'localhost/x': ['localhost/x', 'localhost/x'],
    'localhost:5000/x/y:v1': ['localhost:5000/x/y:v1', 'localhost:5000/x/y:v1'],
    '[::1]:5000/x': ['[::1]:5000/x', '[::1]:5000/x'],
    'REGISTRY/x': ['REGISTRY/x', 'REGISTRY/x'],
    'a.b/x__y/z--a': ['a.b/x__y/z--a', 'a.b/x__y/z--a'],
    'x:A_b.c-D': ['docker.io/library/x:A_b.c-D', 'x:A_b.c-D'],
    [`x@sha256:${hex}`]: [`docker.io/library/x@sha256:${hex}`, `x@sha256:${hex}`],
    [`x:t@sha256:${hex}`]: [`docker.io/library/x:t@sha256:${hex}`, `x:t@sha256:${hex}`],
    [`x:${'t'.repeat(128)}`]: [`docker.io/library/x:${'t'.repeat(128)}`, `x:${'t'.repeat(128)}`],
  };
  for (const [text, [canonical, familiar]] of Object.entries(valid)) {
    it(`reads ${JSON.stringify(text.slice(0, 60))} as ${canonical.slice(0, 60)}`, () => {
      const reference = parseReference(text);
      assert.equal(canonicalString(reference), canonical);
      assert.equal(familiarString(reference), familiar);
    });
  }

  const invalid: Record<string, string> = {
    '': 'invalid reference format',
    ':tag': 'invalid reference format',
    'a/../b': 'invalid reference format',
    '/x': 'invalid reference format',
    'x/': 'invalid reference format',
    'x:': 'invalid reference format',
    'x y': 'invalid reference format',
    'x\n': 'invalid reference format',
    'x:y\n': 'invalid reference format',
    'a.b/x__y/z-_a': 'invalid reference format',
    '-x': 'invalid reference format',
    x___y: 'invalid reference format',
    'a//b': 'invalid reference format',
    'x:y:z': 'invalid reference format',
    'x@sha256:abc': 'invalid reference format',
    'https://x/y': 'invalid reference format',
    [`x:${'t'.repeat(129)}`]: 'invalid reference format',
    Debian: 'invalid reference format: repository name (library/Debian) must be lowercase',
    'user/App:x': 'invalid reference format: repository name (user/App) must be lowercase',
    [`x@sha256:${'a'.repeat(63)}`]: 'invalid checksum digest length',
    [`x@sha256:${'A'.repeat(64)}`]: 'invalid checksum digest format',
    [`x@sha512:${'a'.repeat(128)}`]: 'unsupported digest algorithm',
    [hex]: `invalid repository name (${hex}), cannot specify 64-byte hexadecimal strings`,
    [`x.y/${'a/'.repeat(128)}a`]: 'repository name must not be more than 255 characters',
  };
  for (const [text, message] of Object.entries(invalid)) {
    it(`refuses ${JSON.stringify(text.slice(0, 40))} with Docker's words`, () => {
      assert.throws(
        () => parseReference(text),
        (error) => {
          assert.ok(error instanceof InvalidReferenceError);
          assert.equal(error.message, message);
          assert.equal(error.kind, 'invalid');
          return true;
        },
      );
    });
  }

  it('gives the same reference from the canonical and the familiar form', () => {
    const component = fc.stringMatching(/^[a-z0-9]{1,8}([._-][a-z0-9]{1,8})?$/);
    const tag = fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,20}$/);
    fc.assert(
      fc.property(fc.array(component, { minLength: 1, maxLength: 4 }), tag, (parts, tag) => {
        const reference = parseReference(`${parts.join('/')}:${tag}`);
        assert.deepEqual(parseReference(canonicalString(reference)), reference);
        assert.deepEqual(parseReference(familiarString(reference)), reference);
      }),
    );
  });

  it('never throws anything but its own error', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 80 }), (text) => {
        try {
          parseReference(text);
        } catch (error) {
          assert.ok(error instanceof InvalidReferenceError);
        }
      }),
    );
  });

  it('answers at once for a long hostile name', () => {
    for (const text of [`${'a-'.repeat(50_000)}!`, `${'a.'.repeat(50_000)}!/x`, `x:${':'.repeat(100_000)}`]) {
      assert.throws(() => parseReference(text), InvalidReferenceError);
    }
  });
});

describe('tags', () => {
  it('defaults to latest only where neither tag nor digest is given', () => {
    assert.equal(parseReferenceWithTag('x').tag, 'latest');
    assert.equal(parseReferenceWithTag('x:y').tag, 'y');
    assert.equal(parseReferenceWithTag(`x@sha256:${hex}`).tag, undefined);
  });

  it('refuses a malformed tag', () => {
    assert.equal(withTag(parseReference('x'), 'v1').tag, 'v1');
    assert.throws(() => withTag(parseReference('x'), '-v1'), /invalid tag format/);
  });
});

describe('isMirror', () => {
  it('knows the namespace however it is typed, and no other registry', () => {
    for (const text of ['mirror/debian', 'docker.io/mirror/debian:x', 'index.docker.io/mirror/busybox']) {
      assert.ok(isMirror(parseReference(text)));
    }
    for (const text of ['mirror', 'library/mirror', 'localhost/mirror/debian', 'mirrors/debian']) {
      assert.ok(!isMirror(parseReference(text)));
    }
  });
});

describe('isRepositoryPath and isTag', () => {
  it('take what a registry may have, and nothing that leads elsewhere', () => {
    for (const name of ['a', 'library/debian', 'a/b/c/d', 'a.b_c__d-e--f/0'])
      assert.ok(isRepositoryPath(name), name);
    const wrong = [
      '',
      '/',
      '/a',
      'a/',
      'a//b',
      '.',
      '..',
      'a/../b',
      'a/./b',
      'A',
      'a b',
      'a\u0000',
      'a%2f',
      'a:b',
      'a@b',
    ];
    for (const name of [...wrong, 'a'.repeat(256)]) assert.ok(!isRepositoryPath(name), name);
    for (const tag of ['v1', '_', 'A.b-c', 'x'.repeat(128)]) assert.ok(isTag(tag), tag);
    for (const tag of ['', '.', '..', '-a', '.a', 'a/b', 'a:b', 'x'.repeat(129), 'a\n'])
      assert.ok(!isTag(tag), tag);
  });
});
