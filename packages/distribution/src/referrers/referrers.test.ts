import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { type Digest, parseReference } from '@gantry/oci';
import { digestOf, FakeRegistry, openTestClient } from '../../testing/index.ts';
import type { RegistryClient } from '../registry-client.ts';
import type { RemoteRepository } from '../remote-repository.ts';

const mediaType = 'application/vnd.oci.image.manifest.v1+json';
const subject = digestOf(Buffer.from('an image')) as Digest;
let registry: FakeRegistry;
let client: RegistryClient;

before(async () => {
  registry = await FakeRegistry.start();
  client = openTestClient();
});
after(async () => {
  client[Symbol.dispose]();
  await registry[Symbol.asyncDispose]();
});
beforeEach(() => {
  registry.interfere = () => false;
  registry.manifests.clear();
});

function open(): Promise<RemoteRepository> {
  return client.repository(parseReference(`${registry.host}/team/app`), 'push');
}

async function putReferrer(repository: RemoteRepository, artifactType: string): Promise<Digest> {
  const document = {
    schemaVersion: 2,
    mediaType,
    artifactType,
    subject: { digest: subject },
    annotations: { a: 'b' },
  };
  const bytes = Buffer.from(JSON.stringify(document));
  const digest = digestOf(bytes) as Digest;
  await repository.putManifest(digest, { mediaType, digest, bytes });
  return digest;
}

describe('referrers', () => {
  test('are listed by the registry, of one type also where it does not filter', async () => {
    const entry = (artifactType: string): object => ({ mediaType, digest: subject, size: 2, artifactType });
    registry.interfere = ({ url = '' }, response) => {
      if (!url.startsWith(`/v2/team/app/referrers/${subject}`)) return false;
      const mediaTypeOfIndex = 'application/vnd.oci.image.index.v1+json';
      response.writeHead(200, { 'Content-Type': mediaTypeOfIndex });
      const manifests = [entry('application/a'), entry('application/b')];
      response.end(JSON.stringify({ schemaVersion: 2, mediaType: mediaTypeOfIndex, manifests }));
      return true;
    };
    const repository = await open();
    assert.equal((await repository.referrers(subject)).length, 2);
    const [one, ...more] = await repository.referrers(subject, { artifactType: 'application/b' });
    assert.deepEqual([one?.artifactType, more], ['application/b', []]);
    assert.match(registry.requests.at(-1) ?? '', /\?artifactType=application%2Fb$/);
  });

  test('are kept under a tag for a registry that does not list them', async () => {
    const repository = await open();
    assert.deepEqual(await repository.referrers(subject), []);
    const first = await putReferrer(repository, 'application/a');
    const second = await putReferrer(repository, 'application/b');
    await putReferrer(repository, 'application/a');
    const listed = await repository.referrers(subject);
    assert.deepEqual(
      listed.map(({ digest, artifactType, annotations }) => [digest, artifactType, annotations]),
      [
        [first, 'application/a', { a: 'b' }],
        [second, 'application/b', { a: 'b' }],
      ],
    );
    assert.ok(registry.manifests.has(`team/app:${subject.replace(':', '-')}`));
  });

  test('are left to a registry that says that it lists them', async () => {
    registry.interfere = ({ method, url = '' }, response) => {
      if (method !== 'PUT') return false;
      response.writeHead(201, { 'OCI-Subject': subject, Location: url }).end();
      return true;
    };
    await putReferrer(await open(), 'application/a');
    assert.equal(registry.manifests.size, 0);
  });
});
