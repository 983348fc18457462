import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { ServerOptions } from 'node:https';
import { type AddressInfo, connect, type Socket } from 'node:net';
import path from 'node:path';
import { describe, test } from 'node:test';
import { parseReference } from '@gantry/oci';
import { TestAuthority, type TestCertificate, temporaryRoot } from '@gantry/testkit';
import { FakeRegistry, openTestClient } from '../../testing/index.ts';
import type { RegistrySettings } from '../registry-client.ts';

const authority = new TestAuthority('the authority');
const mediaType = 'application/vnd.oci.image.manifest.v1+json';

/** What listens on the loopback need not be trusted, so the registry is had by a name, through a proxy. */
const name = 'registry.test:5000';

interface TlsRegistry extends AsyncDisposable {
  registry: FakeRegistry;
  proxy: string;
}

async function startRegistry(tls: ServerOptions): Promise<TlsRegistry> {
  const registry = await FakeRegistry.start(tls);
  registry.putManifest('team/app', { mediaType, bytes: Buffer.from('{}') }, '1');
  const sockets = new Set<Socket>();
  const proxy = createServer().on('connect', (request, socket: Socket) => {
    assert.equal(request.url, name);
    const target = connect(Number(registry.host.split(':')[1]), '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      socket.pipe(target).pipe(socket);
    });
    for (const one of [socket, target]) sockets.add(one.on('error', () => one.destroy()));
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  return {
    registry,
    proxy: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => proxy.close(resolve));
      await registry[Symbol.asyncDispose]();
    },
  };
}

async function fetchManifest(
  { proxy }: TlsRegistry,
  settings: Partial<RegistrySettings> = {},
): Promise<void> {
  using client = openTestClient(settings, { environment: { HTTPS_PROXY: proxy } });
  await (await client.repository(parseReference(`${name}/team/app:1`), 'pull')).manifest('1');
}

interface CertificateFiles extends AsyncDisposable {
  settings: Pick<RegistrySettings, 'certificateDirectory'>;
}

/** A `certs.d` with these files for the registry. */
async function certificateFiles(files: Readonly<Record<string, string>>): Promise<CertificateFiles> {
  const root = await temporaryRoot('certs');
  const folder = path.join(root.path, name);
  mkdirSync(folder);
  for (const [name, text] of Object.entries(files)) writeFileSync(path.join(folder, name), text);
  return {
    settings: { certificateDirectory: root.path },
    [Symbol.asyncDispose]: () => root[Symbol.asyncDispose](),
  };
}

describe('a registry by TLS', () => {
  test('is trusted by the authority in certs.d', async () => {
    await using registry = await startRegistry(authority.issue('registry.test'));
    await using files = await certificateFiles({ 'ca.crt': authority.cert });
    await fetchManifest(registry, files.settings);
  });

  for (const [title, certificate, words] of [
    [
      'of an unknown authority',
      authority.issue('registry.test'),
      /tls: failed to verify certificate: .*: put the certificate of its authority into certs\.d as ca\.crt/,
    ],
    [
      'that has ended',
      authority.issue('registry.test', { from: '20200101000000Z', to: '20200201000000Z' }),
      /certificate has expired: renew the registry's certificate, or set this host's clock right/,
    ],
    [
      'that has not begun',
      authority.issue('registry.test', { from: '21190101000000Z' }),
      /certificate is not yet valid: set this host's clock right/,
    ],
    [
      'for another name',
      authority.issue('other.test'),
      /registry\.test.*other\.test.*: use the name that the certificate was made for/,
    ],
  ] as const) {
    test(`with a certificate ${title} is not spoken to, and it is told what to do`, async () => {
      await using registry = await startRegistry(certificate);
      const trusted = { 'ca.crt': authority.cert };
      await using files = await certificateFiles(title.includes('unknown') ? {} : trusted);
      await assert.rejects(fetchManifest(registry, files.settings), {
        code: 'registry-unreachable',
        message: words,
      });
      assert.deepEqual(registry.registry.requests, []);
    });
  }

  test('shows itself to a client with a certificate of its own alone', async () => {
    const client: TestCertificate = authority.issue('the client');
    await using registry = await startRegistry({
      ...authority.issue('registry.test'),
      ca: authority.cert,
      requestCert: true,
      rejectUnauthorized: true,
    });
    await using without = await certificateFiles({ 'ca.crt': authority.cert });
    await assert.rejects(fetchManifest(registry, without.settings), {
      code: 'registry-unreachable',
      message: /it wants a certificate of the client: put client\.cert and client\.key into certs\.d/,
    });
    await using files = await certificateFiles({
      'ca.crt': authority.cert,
      'client.cert': client.cert,
      'client.key': client.key,
    });
    await fetchManifest(registry, files.settings);
    assert.equal(registry.registry.requests.length, 1);
  });

  test('that leads to http is not followed there', async () => {
    await using registry = await startRegistry(authority.issue('registry.test'));
    await using plain = await FakeRegistry.start();
    await using files = await certificateFiles({ 'ca.crt': authority.cert });
    registry.registry.interfere = (_request, response) => {
      response.writeHead(307, { Location: `http://${plain.host}/v2/team/app/manifests/1` }).end();
      return true;
    };
    await assert.rejects(fetchManifest(registry, files.settings), {
      code: 'registry-refused',
      message: /redirects from https to http:\/\/127\.0\.0\.1:\d+: not followed/,
    });
    assert.deepEqual(plain.requests, []);
  });

  test('that is named insecure is spoken to with any certificate', async () => {
    await using registry = await startRegistry(authority.issue('other.test'));
    await fetchManifest(registry, { insecureRegistries: [name] });
  });
});
