import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { temporaryRoot } from '@gantry/testkit';
import { registryHosts } from './registry-hosts.ts';

const settings = { registryMirrors: [], insecureRegistries: [], certificateDirectory: '/nonexistent' };

async function addressesOf(
  given: Partial<typeof settings> | { registryMirrors?: string[]; insecureRegistries?: string[] },
  domain: string,
  action: 'pull' | 'push' = 'pull',
): Promise<string[]> {
  return (await registryHosts({ ...settings, ...given }, domain, action)).map(({ baseUrl }) => baseUrl);
}

test('Docker Hub is asked by its own host, after its mirrors when something is read', async () => {
  assert.deepEqual(await addressesOf({}, 'docker.io'), ['https://registry-1.docker.io']);
  const mirrored = { registryMirrors: ['https://m.test/', 'http://10.1.1.1:5000/hub'] };
  assert.deepEqual(await addressesOf(mirrored, 'docker.io'), [
    'https://m.test',
    'http://10.1.1.1:5000/hub',
    'https://registry-1.docker.io',
  ]);
  assert.deepEqual(await addressesOf(mirrored, 'docker.io', 'push'), ['https://registry-1.docker.io']);
  assert.deepEqual(await addressesOf(mirrored, 'quay.io'), ['https://quay.io']);
});

test('only insecure registries and the loopback are spoken to without TLS, after TLS was tried', async () => {
  const insecureRegistries = ['plain.test:5000', '10.0.0.0/8', 'fd00::/8'];
  for (const [domain, insecure] of [
    ['plain.test:5000', true],
    ['plain.test', false],
    ['10.2.3.4:5000', true],
    ['11.2.3.4', false],
    ['[fd00::1]:5000', true],
    ['localhost:5000', true],
    ['127.0.0.5', true],
    ['[::1]:5000', true],
  ] as const) {
    const expected = insecure ? [`https://${domain}`, `http://${domain}`] : [`https://${domain}`];
    assert.deepEqual(await addressesOf({ insecureRegistries }, domain), expected);
  }
});

test('certificates come from certs.d, and a client certificate without its key is an error', async () => {
  await using root = await temporaryRoot('certs');
  const folder = path.join(root.path, 'r.test:5000');
  await mkdir(folder);
  for (const name of ['a.crt', 'b.crt', 'c.cert', 'c.key', 'readme'])
    await writeFile(path.join(folder, name), name);
  const given = { ...settings, certificateDirectory: root.path };
  const [host] = await registryHosts(given, 'r.test:5000', 'pull');
  assert.deepEqual(host?.certificateAuthorities, ['a.crt', 'b.crt']);
  assert.deepEqual(host?.clientCertificate, { certificate: 'c.cert', key: 'c.key' });
  await writeFile(path.join(folder, 'b.cert'), '');
  await assert.rejects(
    registryHosts(given, 'r.test:5000', 'pull'),
    /missing key b\.key for client certificate b\.cert/,
  );
});
