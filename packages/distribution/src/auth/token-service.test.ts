import assert from 'node:assert/strict';
import { test } from 'node:test';
import { belongsTo } from './token-service.ts';

const cases: [registry: string, realm: string, trusted: string[], belongs: boolean][] = [
  ['https://registry-1.docker.io', 'https://auth.docker.io/token', [], true],
  ['https://ghcr.io', 'https://ghcr.io/token', [], true],
  ['https://registry.example.org:5000', 'https://registry.example.org/auth', [], true],
  ['https://registry.example.org', 'https://example.org/jwt', [], true],
  ['https://registry.example.org', 'https://evil.test/jwt', [], false],
  ['https://registry.example.org', 'https://notexample.org/jwt', [], false],
  ['https://example.org', 'https://evil.org/jwt', [], false],
  ['https://10.0.0.1', 'https://9.0.0.1/jwt', [], false],
  ['https://registry.example.org', 'http://registry.example.org/jwt', [], false],
  ['http://127.0.0.1:5000', 'http://127.0.0.1:5001/token', [], true],
  ['https://nv.test', 'https://authn.vendor.test/token', ['authn.vendor.test'], true],
  ['https://nv.test', 'http://authn.vendor.test/token', ['authn.vendor.test'], false],
];

for (const [registry, realm, trusted, belongs] of cases) {
  test(`${realm} ${belongs ? 'belongs' : 'does not belong'} to ${registry}`, () => {
    assert.equal(belongsTo(new URL(registry), new URL(realm), trusted), belongs);
  });
}
