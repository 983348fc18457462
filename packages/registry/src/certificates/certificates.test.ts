import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, get } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { silentLogger, systemClock } from '@gantry/base';
import { ManualClock } from '@gantry/base/testing';
import { TestAuthority, type TestCertificate } from '@gantry/testkit';
import { CertificateAuthority } from './certificate-authority.ts';
import { ServerCertificate } from './server-certificate.ts';

const directory = mkdtempSync(path.join(tmpdir(), 'registry-certificates-'));
after(() => rmSync(directory, { recursive: true }));

function place(name: string): string {
  return path.join(directory, name);
}

function fetchWith(
  ca: string,
  port: number,
  servername: string,
  own: Partial<TestCertificate> = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', port, ca, servername, agent: false, ...own }, (response) => {
      response.resume();
      resolve(String(response.statusCode));
    }).on('error', reject);
  });
}

test('an authority is made once, with a key that only its owner reads, and certificates of it are trusted', async () => {
  const authority = new CertificateAuthority(place('ca'), systemClock);
  assert.throws(() => authority.issue({ names: ['registry.test'] }), /has no certificate authority/);
  const info = authority.create('Gantry registry CA');
  assert.equal(info.subject, 'Gantry registry CA');
  assert.equal(new X509Certificate(info.certificate).fingerprint256, info.fingerprint);
  assert.throws(() => authority.create('another'), /has a certificate authority already/);
  const issued = authority.issue({ names: ['registry.test', '127.0.0.1', '::1'] });
  for (const key of [place('ca/ca.key'), issued.keyFile]) assert.equal(statSync(key).mode & 0o777, 0o600);
  const certificate = new X509Certificate(readFileSync(issued.certificateFile));
  assert.equal(certificate.verify(new X509Certificate(info.certificate).publicKey), true);
  assert.equal(certificate.ca, false);

  using own = new ServerCertificate({ settings: issued, clock: systemClock, logger: silentLogger });
  const server = createServer(own.tlsOptions, (_request, response) => response.end());
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  assert.equal(await fetchWith(info.certificate, port, 'registry.test'), '200');
  await assert.rejects(fetchWith(info.certificate, port, 'other.test'), /does not match certificate/);
  await new Promise((resolve) => server.close(resolve));
});

test('a renewed certificate is taken while the server runs, a broken one is not', async () => {
  const authority = new CertificateAuthority(place('renewed'), systemClock);
  const { certificate: ca } = authority.create('CA');
  const issued = authority.issue({ names: ['registry.test'] });
  using own = new ServerCertificate({ settings: issued, clock: systemClock, logger: silentLogger });
  const server = createServer(own.tlsOptions, (_request, response) => response.end());
  own.serve(server);
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  writeFileSync(issued.certificateFile, 'half a file');
  own.reload();
  assert.equal(await fetchWith(ca, port, 'registry.test'), '200');
  const renewed = authority.issue({ names: ['new.test'] });
  writeFileSync(issued.certificateFile, readFileSync(renewed.certificateFile));
  writeFileSync(issued.keyFile, readFileSync(renewed.keyFile));
  own.reload();
  assert.equal(await fetchWith(ca, port, 'new.test'), '200');
  await new Promise((resolve) => server.close(resolve));
});

test('a renewed certificate keeps its key, and an authority that was not finished is made anew', () => {
  const authority = new CertificateAuthority(place('half'), systemClock);
  mkdirSync(place('half'));
  writeFileSync(place('half/ca.key'), 'half a key');
  authority.create('CA');
  const { keyFile, certificateFile } = authority.issue({ names: ['a.test'] });
  const [key, certificate] = [readFileSync(keyFile, 'utf8'), readFileSync(certificateFile, 'utf8')];
  authority.issue({ names: ['a.test'] });
  assert.equal(readFileSync(keyFile, 'utf8'), key);
  assert.notEqual(readFileSync(certificateFile, 'utf8'), certificate);
});

test('with an authority of clients only those with a certificate of it are served', async () => {
  const authority = new CertificateAuthority(place('mutual'), systemClock);
  const { certificate: ca } = authority.create('CA');
  const [clients, others] = [new TestAuthority('clients'), new TestAuthority('clients')];
  writeFileSync(place('clients.crt'), clients.cert);
  const settings = {
    ...authority.issue({ names: ['registry.test'] }),
    clientAuthorityFile: place('clients.crt'),
  };
  using own = new ServerCertificate({ settings, clock: systemClock, logger: silentLogger });
  const server = createServer(own.tlsOptions, (_request, response) => response.end());
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const ask = (certificate?: TestCertificate): Promise<string> =>
    fetchWith(ca, port, 'registry.test', certificate);
  assert.equal(await ask(clients.issue('ada')), '200');
  await assert.rejects(ask(), /certificate required|ECONNRESET|hang up/);
  await assert.rejects(ask(others.issue('ada')), /unknown ca|ECONNRESET|hang up|decrypt error|alert/);
  await new Promise((resolve) => server.close(resolve));
});

test('certificates that cannot serve are refused with a word', () => {
  const authority = new CertificateAuthority(place('wrong'), systemClock);
  authority.create('CA');
  const one = authority.issue({ names: ['one.test'] });
  const two = authority.issue({ names: ['two.test'] });
  const open = (settings: typeof one, clock = new ManualClock(new Date())): ServerCertificate =>
    new ServerCertificate({ settings, clock, logger: silentLogger });
  assert.throws(
    () => open({ ...one, keyFile: two.keyFile }),
    /two.test.key: is not the key of .*one.test.crt/,
  );
  assert.throws(() => open({ ...one, certificateFile: place('none') }), /none: ENOENT/);
  assert.throws(() => open({ ...one, certificateFile: one.keyFile }), /is not a certificate in PEM/);
  assert.throws(() => open({ ...one, keyFile: one.certificateFile }), /is not a private key in PEM/);
  assert.throws(() => open(one, new ManualClock(new Date('2100-01-01'))), /ended at .*: renew it/);
  assert.throws(() => open(one, new ManualClock(new Date('2020-01-01'))), /is this machine's clock right\?/);
});

test('names that cannot be in a certificate are refused', () => {
  const authority = new CertificateAuthority(place('names'), systemClock);
  authority.create('CA');
  for (const name of ['registry.test:5000', '../evil', 'a b', '-x.test']) {
    assert.throws(() => authority.issue({ names: [name] }), /is neither a host name nor an address/);
  }
  assert.throws(() => authority.issue({ names: [] }), /needs a host name/);
  assert.throws(() => authority.issue({ names: ['a.test'], days: 4000 }), /from 1 to 825 days/);
});
