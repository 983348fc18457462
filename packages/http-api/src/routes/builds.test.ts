import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { FakeBuildBackend } from '../../testing/fake-build-backend.ts';
import { send } from '../../testing/test-client.ts';
import { startTestServer, type TestServer } from '../../testing/test-server.ts';

const builds = new FakeBuildBackend();
let server: TestServer;
before(async () => {
  server = await startTestServer({ builds });
});
after(() => server[Symbol.asyncDispose]());

const build = (query: string, headers: Record<string, string> = {}) =>
  send(server.socketPath, 'POST', `/v1.51/build?${query}`, { body: 'context', headers });

test('a build gets everything that its parameters say', async () => {
  const parameters = new URLSearchParams([
    ['t', 'a:1'],
    ['t', 'b'],
    ['dockerfile', 'other/Dockerfile'],
    ['buildargs', '{"A":"1","B":null}'],
    ['labels', '{"k":"v"}'],
    ['target', 'stage'],
    ['nocache', '1'],
    ['pull', '1'],
    ['networkmode', 'none'],
    ['extrahosts', 'one:10.0.0.1,two:10.0.0.2'],
    ['memory', '1048576'],
    ['cpusetcpus', '0-1'],
    ['shmsize', '65536'],
    ['cachefrom', '["a","b"]'],
    ['ulimits', '[{"Name":"nofile","Soft":1,"Hard":2}]'],
    ['cgroupparent', '/builds'],
    ['rm', '1'],
    ['version', '1'],
  ]);
  const auths = Buffer.from('{"r.example":{"username":"u","password":"p"}}').toString('base64url');
  const answer = await build(parameters.toString(), { 'X-Registry-Config': auths });
  assert.equal(answer.status, 200);
  assert.match(
    answer.text,
    /^\{"stream":"Step 1\/1 : FROM scratch\\n"\}\r\n\{"aux":\{"ID":"sha256:b{64}"\}\}\r\n$/,
  );
  const { onText: _, signal: __, ...request } = builds.requests.at(-1) ?? assert.fail();
  assert.deepEqual(request, {
    dockerfile: 'other/Dockerfile',
    tags: ['a:1', 'b'],
    target: 'stage',
    buildArguments: new Map([
      ['A', '1'],
      ['B', undefined],
    ]),
    labels: new Map([['k', 'v']]),
    noCache: true,
    pull: true,
    networkMode: 'none',
    extraHosts: ['one:10.0.0.1', 'two:10.0.0.2'],
    resources: { Memory: 1048576, CpusetCpus: '0-1' },
    sharedMemoryBytes: 65536,
    cacheFrom: ['a', 'b'],
    cgroupParent: '/builds',
    ulimits: [{ Name: 'nofile', Soft: 1, Hard: 2 }],
    credentials: new Map([['r.example', { username: 'u', password: 'p' }]]),
  });
  assert.equal(builds.contextBytes, 'context'.length);
});

test('a quiet build says the id alone', async () => {
  assert.match((await build('q=1')).text, /^\{"stream":"sha256:b{64}\\n"\}\r\n$/);
});

test('what is not built, and what cannot be read, is refused before the context is', async () => {
  const unbuilt = ['version=2', 'remote=x', 'squash=1', 'outputs=%5B%5D', 'securityopt=%5B%22a%22%5D'];
  for (const query of unbuilt) assert.equal((await build(query)).status, 501, query);
  for (const query of [
    'buildargs=%5B',
    'labels=%7B%22a%22%3A1%7D',
    'memory=x',
    'cachefrom=%7B%7D',
    'ulimits=%5B1%5D',
    'platform=a%2Fb%2Fc%2Fd',
  ])
    assert.equal((await build(query)).status, 400, query);
});
