import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { type Digest, parseReference } from '@gantry/oci';
import { challenge, FakeRegistry, openTestClient, refuse } from '../../testing/index.ts';
import type { RegistryClient } from '../registry-client.ts';
import type { RegistryCredentials, RemoteRepository } from '../remote-repository.ts';

const mediaType = 'application/vnd.oci.image.manifest.v1+json';
const document = Buffer.from('{"schemaVersion":2}');

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
});

function open(
  action: 'pull' | 'push' = 'pull',
  credentials: RegistryCredentials = {},
): Promise<RemoteRepository> {
  return client.repository(parseReference(`${registry.host}/team/app`), action, credentials);
}

function putBlob(content: string): Digest {
  return registry.putBlob(Buffer.from(content)) as Digest;
}

describe('authorization', () => {
  /** A registry that wants a token which its own service gives to `me`. */
  function wantToken(life: number): { tokens: number; asked: string[] } {
    const state = { tokens: 0, asked: [] as string[] };
    registry.interfere = (request, response) => {
      const url = new URL(request.url ?? '', 'http://x');
      if (url.pathname === '/token') {
        assert.equal(request.headers['user-agent'], 'Gantry/test');
        state.asked.push(url.search);
        const expected = `Basic ${Buffer.from('me:secret').toString('base64')}`;
        if (request.headers.authorization !== expected) {
          refuse(response, 401, 'UNAUTHORIZED', 'incorrect username or password');
          return true;
        }
        state.tokens += 1;
        response.end(JSON.stringify({ token: `t${state.tokens}`, expires_in: life }));
        return true;
      }
      if (request.headers.authorization === `Bearer t${state.tokens}` && state.tokens > 0) return false;
      return challenge(response, `Bearer realm="http://${registry.host}/token",service="reg",scope="x"`);
    };
    return state;
  }

  test('a token is got once and used for all that follows', async () => {
    const state = wantToken(300);
    registry.putManifest('team/app', { mediaType, bytes: document }, 'v1');
    const repository = await open('pull', { username: 'me', password: 'secret' });
    await repository.manifest('v1');
    await repository.manifest('v1');
    assert.deepEqual(state.asked, ['?service=reg&scope=repository%3Ateam%2Fapp%3Apull&account=me']);
  });

  test('requests at once that are all refused at first get through', async () => {
    registry.interfere = async (request, response) => {
      // Refused before any other has an answer.
      if (request.headers.authorization !== undefined) return false;
      await new Promise((resolve) => setImmediate(resolve));
      return challenge(response, 'Basic realm="x"');
    };
    const blobs = Array.from({ length: 5 }, (_, at) => putBlob(`blob ${at}`));
    const repository = await open('pull', { username: 'me', password: 'secret' });
    const found = await Promise.all(blobs.map((digest) => repository.hasBlob(digest)));
    assert.deepEqual(found, [true, true, true, true, true]);
  });

  test('a token that has ended meanwhile is renewed', async () => {
    const state = wantToken(300);
    registry.putManifest('team/app', { mediaType, bytes: document }, 'v1');
    const repository = await open('pull', { username: 'me', password: 'secret' });
    await repository.manifest('v1');
    state.tokens += 1;
    await repository.manifest('v1');
    assert.equal(state.tokens, 3);
  });

  test('a wrong password is told with the service’s words', async () => {
    wantToken(300);
    await assert.rejects((await open('pull', { username: 'me', password: 'wrong' })).manifest('v1'), {
      code: 'registry-credentials-refused',
      message: /unauthorized: incorrect username or password$/,
    });
  });

  test('no credentials go to a token service that is not the registry’s', async () => {
    await using thief = await FakeRegistry.start();
    registry.interfere = (_request, response) =>
      challenge(response, `Bearer realm="http://localhost:${thief.host.split(':')[1]}/token",service="x"`);
    await assert.rejects((await open('pull', { username: 'me', password: 'secret' })).manifest('v1'), {
      code: 'foreign-token-service',
    });
    assert.deepEqual(thief.requests, []);
  });

  test('a repository that wants more than one has is told as Docker tells it', async () => {
    registry.interfere = (_request, response) => challenge(response, 'Basic realm="x"');
    await assert.rejects((await open()).manifest('v1'), {
      code: 'registry-access-denied',
      message: `pull access denied for ${registry.host}/team/app, repository does not exist or may require 'docker login': unauthorized: authentication required`,
    });
  });

  test('an identity token is changed for an access token, and a registry token is sent as it is', async () => {
    const forms: string[] = [];
    registry.putManifest('team/app', { mediaType, bytes: document }, 'v1');
    registry.interfere = async (request, response) => {
      if (request.method === 'POST') {
        for await (const chunk of request) forms.push(String(chunk));
        response.end(JSON.stringify({ access_token: 'fresh' }));
        return true;
      }
      if (['Bearer fresh', 'Bearer given'].includes(request.headers.authorization ?? '')) return false;
      return challenge(response, `Bearer realm="http://${registry.host}/token",service="reg"`);
    };
    await (await open('pull', { identitytoken: 'id' })).manifest('v1');
    assert.match(forms.join(''), /grant_type=refresh_token&refresh_token=id&service=reg/);
    await (await open('pull', { registrytoken: 'given' })).manifest('v1');
    assert.equal(forms.length, 1);
  });

  test('a token that does not allow it is told as Docker tells it, where the registry has no words for it', async () => {
    registry.interfere = (_request, response) => {
      response.setHeader('WWW-Authenticate', 'Bearer realm="x",error="insufficient_scope"');
      response.writeHead(401).end();
      return true;
    };
    await assert.rejects((await open('push')).hasBlob(putBlob('x')), {
      message: 'denied: requested access to the resource is denied',
    });
  });
});
