import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { FakeFilesBackend } from '../../testing/fake-files-backend.ts';
import { send } from '../../testing/test-client.ts';
import { startTestServer, type TestServer } from '../../testing/test-server.ts';

let files: FakeFilesBackend;
let server: TestServer;
beforeEach(async () => {
  files = new FakeFilesBackend();
  files.files.set('/etc/x', 'archive');
  server = await startTestServer({ files });
});
afterEach(() => server[Symbol.asyncDispose]());

const archive = '/v1.51/containers/c/archive';

describe('a path of a container', () => {
  it('is told by a header of base64 and JSON, and sent with it', async () => {
    const head = await send(server.socketPath, 'HEAD', `${archive}?path=/etc/x`);
    const got = await send(server.socketPath, 'GET', `${archive}?path=/etc/x`);
    assert.deepEqual([head.status, head.text, got.status, got.text], [200, '', 200, 'archive']);
    assert.equal(got.headers['content-type'], 'application/x-tar');
    for (const { headers } of [head, got]) {
      const stat = Buffer.from(String(headers['x-docker-container-path-stat']), 'base64').toString();
      assert.deepEqual(JSON.parse(stat), {
        name: 'etc/x',
        size: 7,
        mode: 0o644,
        mtime: '2025-01-31T12:00:00.5Z',
        linkTarget: '',
      });
    }
  });

  it('that is missing is 404 in Docker’s words, also without a body', async () => {
    const missing = await send(server.socketPath, 'GET', `${archive}?path=/no`);
    assert.equal(missing.status, 404);
    assert.deepEqual(missing.json(), { message: 'Could not find the file /no in container c' });
    assert.equal((await send(server.socketPath, 'HEAD', `${archive}?path=/no`)).status, 404);
  });

  it('must be given, and holds no NUL', async () => {
    for (const query of ['', '?path=', '?path=a%00b']) {
      for (const method of ['HEAD', 'GET', 'PUT']) {
        assert.equal((await send(server.socketPath, method, `${archive}${query}`)).status, 400);
      }
    }
  });

  it('takes a tar, with the switches as they are given', async () => {
    const query = '?path=/etc&noOverwriteDirNonDir=true&copyUIDGID=1';
    const sent = await send(server.socketPath, 'PUT', `${archive}${query}`, { body: 'a tar' });
    assert.deepEqual([sent.status, sent.text], [200, '']);
    await send(server.socketPath, 'PUT', `${archive}?path=/`, { body: 'b' });
    assert.deepEqual(
      files.written.map(({ path, bytes, options }) => [path, bytes.toString(), options]),
      [
        ['/etc', 'a tar', { noOverwriteDirNonDir: true, copyUidGid: true }],
        ['/', 'b', { noOverwriteDirNonDir: false, copyUidGid: false }],
      ],
    );
  });
});

describe('a container', () => {
  it('without changes answers null, as Docker does, and with some a list', async () => {
    const changes = (): Promise<unknown> =>
      send(server.socketPath, 'GET', '/containers/c/changes').then(({ json }) => json());
    assert.equal(await changes(), null);
    files.found.push({ Path: '/etc', Kind: 0 });
    assert.deepEqual(await changes(), [{ Path: '/etc', Kind: 0 }]);
  });

  it('is exported as a tar', async () => {
    const exported = await send(server.socketPath, 'GET', '/containers/c/export');
    assert.equal(exported.headers['content-type'], 'application/x-tar');
    assert.equal(exported.text, 'everything in c');
  });
});
