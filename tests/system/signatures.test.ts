import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { CosignSigner, type SignatureLayer } from '@gantry/signatures/testing';
import { loadBusybox } from '../support/busybox-image.ts';
import { GantryRegistry } from '../support/gantry-registry.ts';
import type { Finished } from '../support/processes.ts';
import { TestDaemon } from '../support/test-daemon.ts';

const manifestType = 'application/vnd.oci.image.manifest.v1+json';
const signer = new CosignSigner();
let daemon: TestDaemon;
let registry: GantryRegistry;

before(async () => {
  daemon = await TestDaemon.start();
  await loadBusybox(daemon);
  registry = await GantryRegistry.start(path.join(daemon.root, 'registry'), 5847);
  const policy = path.join(daemon.root, 'signatures.json');
  writeFileSync(path.join(daemon.root, 'team.pub'), signer.publicKey);
  const rules = [
    { images: ['127.0.0.1:5847/team/*'], cosign: { keys: ['team.pub'] } },
    { images: ['127.0.0.1:5847/open/*'], accept: true },
  ];
  writeFileSync(policy, JSON.stringify({ default: 'reject', rules }));
  for (const name of ['team/signed', 'team/unsigned', 'open/app', 'other/app']) {
    await daemon.ok('tag', 'mirror/busybox', `${registry.host}/${name}`);
    await daemon.ok('push', '-q', `${registry.host}/${name}`);
    await daemon.ok('rmi', `${registry.host}/${name}`);
  }
  await putSignature('team/signed');
  await daemon.end('SIGTERM');
  await daemon.restart(['--signature-policy', policy]);
});
after(async () => {
  await registry[Symbol.asyncDispose]();
  await daemon[Symbol.asyncDispose]();
});

/** As cosign does: a manifest under a tag that is made of the image's digest. */
async function putSignature(repository: string): Promise<void> {
  const base = `http://${registry.host}/v2/${repository}`;
  const head = await fetch(`${base}/manifests/latest`, { method: 'HEAD', headers: { Accept: '*/*' } });
  const digest = head.headers.get('docker-content-digest') ?? '';
  const document = {
    schemaVersion: 2,
    mediaType: manifestType,
    config: await putBlob(base, {
      mediaType: 'application/vnd.oci.image.config.v1+json',
      bytes: Buffer.from('{}'),
    }),
    layers: [await putBlob(base, signer.simpleSigning(digest))],
  };
  const { status } = await fetch(`${base}/manifests/${digest.replace(':', '-')}.sig`, {
    method: 'PUT',
    headers: { 'Content-Type': manifestType },
    body: JSON.stringify(document),
  });
  assert.equal(status, 201);
}

async function putBlob(base: string, { bytes, ...layer }: SignatureLayer): Promise<object> {
  const digest = `sha256:${Buffer.from(await crypto.subtle.digest('SHA-256', Buffer.from(bytes))).toString('hex')}`;
  const begun = await fetch(`${base}/blobs/uploads/?digest=${digest}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/octet-stream' },
    body: Buffer.from(bytes),
  });
  assert.equal(begun.status, 201);
  return { ...layer, digest, size: bytes.length };
}

function refusalOf({ exitCode, stderr }: Finished): string {
  assert.notEqual(exitCode, 0);
  return stderr;
}

for (const program of ['gantry', 'docker'] as const) {
  const pull = (name: string): Promise<Finished> => daemon[program](['pull', `${registry.host}/${name}`]);

  test(`${program} gets an image that the policy’s key signed, and says whose signature it was`, async () => {
    const { exitCode, stdout, stderr } = await pull('team/signed');
    assert.equal(exitCode, 0, stderr);
    assert.match(stdout, /Verified: sha256:[0-9a-f]{64} by cosign key team\.pub/);
  });

  test(`${program} gets no image without that signature, nor what no rule names`, async () => {
    assert.match(
      refusalOf(await pull('team/unsigned')),
      /team\/unsigned@sha256:.* is not verified: it has no cosign/,
    );
    assert.match(refusalOf(await pull('other/app')), /the signature policy rejects it/);
    const created = await daemon[program](['run', '--rm', `${registry.host}/team/unsigned`, 'true']);
    assert.match(refusalOf(created), /is not verified/);
    assert.doesNotMatch(await daemon.ok('images'), /team\/unsigned/);
  });
}

test('--verify wants a signature of what is accepted without one, and of mirror/ none can be had', async () => {
  await daemon.ok('pull', '-q', `${registry.host}/open/app`);
  await daemon.ok('pull', '--verify', `${registry.host}/team/signed`);
  const open = await daemon.gantry(['pull', '--verify', `${registry.host}/open/app`]);
  assert.match(refusalOf(open), /the signature policy asks for no signature of it/);
  const mirror = await daemon.gantry(['pull', '--verify', 'mirror/busybox']);
  assert.match(refusalOf(mirror), /mirror\/busybox.* cannot be verified: it is made on this host/);
});
