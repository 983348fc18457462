import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { InvalidPlatformError } from './errors.ts';
import {
  choosePlatform,
  compatiblePlatforms,
  formatPlatform,
  hostPlatform,
  normalizePlatform,
  parsePlatform,
} from './platform.ts';

const host = { os: 'linux', architecture: 'amd64' };

describe('parsePlatform', () => {
  const cases: Record<string, string> = {
    'linux/amd64': 'linux/amd64',
    'linux/arm64/v8': 'linux/arm64',
    'linux/arm64/9': 'linux/arm64/v9',
    'linux/arm': 'linux/arm/v7',
    'linux/arm/6': 'linux/arm/v6',
    'Linux/X86_64': 'linux/amd64',
    'linux/amd64/v3': 'linux/amd64/v3',
    'macos/aarch64': 'darwin/arm64',
    aarch64: 'linux/arm64',
    armhf: 'linux/arm/v7',
    i386: 'linux/386',
    windows: 'windows/amd64',
    'linux/loong64': 'linux/loong64',
  };
  for (const [text, expected] of Object.entries(cases)) {
    it(`reads ${text} as ${expected}`, () => {
      assert.equal(formatPlatform(parsePlatform(text, host)), expected);
    });
  }

  for (const text of [
    '',
    '/',
    'linux/',
    'linux/a b',
    'a/b/c/d',
    'nosuch',
    'linux//x',
    `linux/${'x'.repeat(65)}`,
  ]) {
    it(`refuses ${JSON.stringify(text.slice(0, 20))}`, () => {
      assert.throws(() => parsePlatform(text, host), InvalidPlatformError);
    });
  }
});

describe('hostPlatform', () => {
  it("translates node's names", () => {
    assert.equal(formatPlatform(hostPlatform('x64')), 'linux/amd64');
    assert.equal(formatPlatform(hostPlatform('arm64')), 'linux/arm64');
    assert.equal(formatPlatform(hostPlatform('arm')), 'linux/arm/v7');
    assert.equal(formatPlatform(hostPlatform('s390x')), 'linux/s390x');
  });
});

describe('compatiblePlatforms', () => {
  const names = (text: string, strict = false): string[] =>
    compatiblePlatforms(parsePlatform(text, host), { strict }).map(formatPlatform);

  it('falls back to older variants, then to 32 bits', () => {
    assert.deepEqual(names('linux/amd64/v3'), [
      'linux/amd64/v3',
      'linux/amd64/v2',
      'linux/amd64',
      'linux/386',
    ]);
    assert.deepEqual(names('linux/arm/v7'), ['linux/arm/v7', 'linux/arm/v6', 'linux/arm/v5']);
    assert.deepEqual(names('linux/arm64'), [
      'linux/arm64',
      'linux/arm/v8',
      'linux/arm/v7',
      'linux/arm/v6',
      'linux/arm/v5',
    ]);
    assert.deepEqual(names('linux/riscv64'), ['linux/riscv64']);
  });

  it('stays with its architecture when strict', () => {
    assert.deepEqual(names('linux/amd64', true), ['linux/amd64']);
    assert.deepEqual(names('linux/arm64/v9', true), ['linux/arm64/v9', 'linux/arm64']);
  });
});

describe('choosePlatform', () => {
  const offer = (...texts: string[]): string | undefined =>
    choosePlatform(
      texts,
      (text) => {
        const [os = '', architecture = '', variant] = text.split('/');
        return { os, architecture, ...(variant === undefined ? {} : { variant }) };
      },
      { platform: host },
    );

  it('prefers the exact platform over a fallback, whatever the order', () => {
    assert.equal(offer('linux/386', 'linux/arm64/v8', 'linux/amd64'), 'linux/amd64');
    assert.equal(offer('linux/arm64', 'linux/386'), 'linux/386');
  });

  it('finds nothing among foreign platforms and attestations', () => {
    assert.equal(offer('unknown/unknown', 'linux/arm64', 'windows/amd64'), undefined);
    assert.equal(
      choosePlatform(['x'], () => undefined, { platform: host }),
      undefined,
    );
  });

  it('takes v8 as arm64 itself', () => {
    const items = [{ os: 'linux', architecture: 'arm64', variant: 'v8' }];
    assert.equal(
      choosePlatform(items, (item) => item, {
        platform: normalizePlatform({ os: 'linux', architecture: 'aarch64' }),
      }),
      items[0],
    );
  });
});
