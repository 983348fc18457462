import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { type Digest, parseReference } from '@gantry/oci';
import { temporaryRoot } from '@gantry/testkit';
import { FakeRegistry, openTestClient, plainSettings, refuse } from '../../../testing/index.ts';
import type { RegistryHost } from '../registry-host.ts';
import { registryHosts } from '../registry-hosts.ts';

const domain = 'r.test:5000';

async function hostsFrom(
  text: string,
  {
    action = 'pull',
    files = {},
    of = domain,
  }: { action?: 'pull' | 'push'; files?: Record<string, string>; of?: string } = {},
): Promise<RegistryHost[]> {
  await using root = await temporaryRoot('certs');
  const folder = path.join(root.path, of);
  mkdirSync(folder);
  for (const [name, content] of Object.entries({ 'hosts.toml': text, ...files }))
    writeFileSync(path.join(folder, name), content);
  return await registryHosts({ ...plainSettings, certificateDirectory: root.path }, of, action);
}

const addresses = (hosts: readonly RegistryHost[]): string[] =>
  hosts.map(({ baseUrl, apiPath }) => baseUrl + apiPath);

describe('hosts.toml', () => {
  test('names hosts in their order, the registry last, each with what it says of it', async () => {
    const hosts = await hostsFrom(
      `
      server = "https://upstream.test"
      ca = "server.pem"
      [host."https://mirror.test/v2/hub"]
        capabilities = ["pull"]
        override_path = true
        ca = ["one.pem", "two.pem"]
        client = [["client.cert", "client.key"]]
        [host."https://mirror.test/v2/hub".header]
          X-Team = ["a", "b"]
          Authorization = "Basic eDp5"
      [host."http://plain.test:5000"]
        capabilities = ["pull", "resolve"]
        skip_verify = true
      `,
      {
        files: { 'server.pem': 'S', 'one.pem': '1', 'two.pem': '2', 'client.cert': 'C', 'client.key': 'K' },
      },
    );
    assert.deepEqual(addresses(hosts), [
      'https://mirror.test/v2/hub',
      'http://plain.test:5000/v2',
      'https://upstream.test/v2',
    ]);
    const [mirror, plain, server] = hosts;
    assert.deepEqual(mirror?.certificateAuthorities, ['1', '2']);
    assert.deepEqual(mirror?.clientCertificate, { certificate: 'C', key: 'K' });
    assert.deepEqual(mirror?.headers, { 'X-Team': 'a, b', Authorization: 'Basic eDp5' });
    assert.deepEqual([mirror?.resolvesTags, plain?.resolvesTags, server?.resolvesTags], [false, true, true]);
    assert.deepEqual([mirror?.isMirror, plain?.isMirror, server?.isMirror], [true, true, false]);
    assert.deepEqual([mirror?.verifiesCertificate, plain?.verifiesCertificate], [true, false]);
    assert.deepEqual(server?.certificateAuthorities, ['S']);
  });

  test('without a server ends with the registry of the name', async () => {
    assert.deepEqual(addresses(await hostsFrom('')), ['https://r.test:5000/v2']);
    const hub = await hostsFrom('[host."mirror.test"]\n', { of: 'docker.io' });
    assert.deepEqual(addresses(hub), ['https://mirror.test/v2', 'https://registry-1.docker.io/v2']);
  });

  test('says where is pushed: to one place, the first that takes it', async () => {
    const text = `
      server = "https://upstream.test"
      [host."https://read.test"]
        capabilities = ["pull", "resolve"]
      [host."https://write.test"]
        capabilities = ["push"]
    `;
    assert.deepEqual(addresses(await hostsFrom(text, { action: 'push' })), ['https://write.test/v2']);
    const readOnly = 'server = "https://upstream.test"\ncapabilities = ["pull", "resolve"]\n';
    await assert.rejects(hostsFrom(readOnly, { action: 'push' }), /names no host that can be asked to push/);
  });

  test('is refused by name for what it has wrong, and never half believed', async () => {
    for (const [text, words] of [
      ['server = 5', /'server' is no text/],
      ['capabilities = ["pull"]', /'capabilities' is not known without a 'server'/],
      ['server = "https://a"\ndial_timeout = "1s"', /'dial_timeout' is not known/],
      ['[host."https://a"]\ncapabilities = ["fly"]', /'capabilities' has "fly", which is none/],
      ['[host."https://a"]\nskip_verify = "yes"', /'skip_verify' is neither true nor false/],
      ['[host."ftp://a"]', /'ftp:\/\/a' is no address of a registry/],
      ['[host."https://me:secret@a"]', /is no address of a registry/],
      ['[host."https://a"]\nclient = ["a.pem", "b.pem"]', /'client' has several certificates/],
      ['[host."https://a"]\nca = "gone.pem"', /gone\.pem: cannot be read/],
      ['[host."https://a".header]\nx = "a\\r\\nb"', /'header\.x' cannot be sent/],
      ['host = 1', /'host' is no table/],
      ['server =', /hosts\.toml: Invalid TOML document/],
      ['[host."__proto__"]\n[host.__proto__]', /hosts\.toml/],
      ['#'.repeat(70_000), /is longer than 65536 bytes/],
      [
        Array.from({ length: 65 }, (_, at) => `[host."https://a${at}"]`).join('\n'),
        /'host' has more than 64 entries/,
      ],
    ] as const) {
      await assert.rejects(hostsFrom(text), { code: 'registry-configuration', message: words });
    }
  });
});

test('a host that may not say what a tag stands for is asked by digest alone, and its headers go nowhere else', async () => {
  await using mirror = await FakeRegistry.start();
  await using server = await FakeRegistry.start();
  await using store = await FakeRegistry.start();
  await using root = await temporaryRoot('certs');
  mkdirSync(path.join(root.path, domain));
  writeFileSync(
    path.join(root.path, domain, 'hosts.toml'),
    `server = "http://${server.host}"
     [host."http://${mirror.host}"]
       capabilities = ["pull"]
       header = { X-Secret = "s" }`,
  );
  const mediaType = 'application/vnd.oci.image.manifest.v1+json';
  const bytes = Buffer.from('{"schemaVersion":2}');
  server.putManifest('team/app', { mediaType, bytes }, '1');
  const digest = store.putBlob(bytes) as Digest;
  const seen: unknown[] = [];
  mirror.interfere = ({ url, headers }, response) => {
    seen.push(headers['x-secret']);
    if (url?.includes('/blobs/') !== true) refuse(response, 404, 'MANIFEST_UNKNOWN', 'manifest unknown');
    else response.writeHead(307, { Location: `http://${store.host}${url}` }).end();
    return true;
  };
  store.interfere = ({ headers }) => {
    seen.push(headers['x-secret'] ?? 'none');
    return false;
  };
  using client = openTestClient({ certificateDirectory: root.path });
  const credentials = { username: 'me', password: 'secret' };
  const repository = await client.repository(parseReference(`${domain}/team/app`), 'pull', credentials);
  await repository.manifest('1');
  assert.deepEqual(mirror.requests, []);
  await repository.manifest(digest);
  const content = await Array.fromAsync(repository.blob({ digest, size: bytes.length }));
  assert.deepEqual(Buffer.concat(content), bytes);
  assert.deepEqual(seen, ['s', 's', 'none']);
});
