import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { describe, test } from 'node:test';
import { parseReference } from '@gantry/oci';
import { challenge, FakeRegistry, openTestClient } from '../../testing/index.ts';
import type { RegistryCredentials } from '../remote-repository.ts';

const me = { username: 'me', password: 'secret' };

describe('signing in', () => {
  test('brings the refresh token that the token service gives for a password', async () => {
    await using service = await startService();
    using client = openTestClient();
    assert.equal(await client.signIn(service.host, me), 'refresh-1');
    assert.deepEqual(service.asked, [
      'GET ?service=reg&account=me&offline_token=true&client_id=gantry Basic bWU6c2VjcmV0',
    ]);
  });

  test('speaks OAuth2 with a service that knows nothing else', async () => {
    await using service = await startService({ oauthOnly: true });
    using client = openTestClient();
    assert.equal(await client.signIn(service.host, me), 'refresh-1');
    assert.equal(
      service.asked.at(-1),
      'POST grant_type=password&username=me&password=secret&access_type=offline&service=reg&client_id=gantry&scope= ',
    );
  });

  test('with an identity token brings the one that is good from now on', async () => {
    await using service = await startService();
    using client = openTestClient();
    assert.equal(await client.signIn(service.host, { identitytoken: 'refresh-1' }), 'refresh-2');
    await assert.rejects(client.signIn(service.host, { identitytoken: 'stolen' }), {
      code: 'registry-credentials-refused',
    });
  });

  test('brings none from a registry without a token service', async () => {
    await using registry = await FakeRegistry.start();
    registry.interfere = ({ headers }, response) => {
      if (headers.authorization !== 'Basic bWU6c2VjcmV0') return challenge(response, 'Basic realm="x"');
      response.end('{}');
      return true;
    };
    using client = openTestClient();
    assert.equal(await client.signIn(registry.host, me), undefined);
  });

  test('tells a wrong password in the registry’s words', async () => {
    await using service = await startService();
    using client = openTestClient();
    await assert.rejects(client.signIn(service.host, { ...me, password: 'wrong' }), {
      code: 'registry-credentials-refused',
      message: /unauthorized: incorrect username or password$/,
    });
  });
});

test('an identity token that its service renews is used as renewed', async () => {
  await using service = await startService({ tokenUses: 1 });
  const mediaType = 'application/vnd.oci.image.manifest.v1+json';
  service.registry.putManifest('a/b', { mediaType, bytes: Buffer.from('{}') }, 'v1');
  using client = openTestClient();
  const credentials: RegistryCredentials = { identitytoken: 'refresh-1' };
  const repository = await client.repository(parseReference(`${service.host}/a/b`), 'pull', credentials);
  await repository.manifest('v1');
  await repository.manifest('v1');
  const tokens = service.asked.map((asked) => /refresh_token=([^&]*)/.exec(asked)?.[1]);
  assert.deepEqual(tokens, ['refresh-1', 'refresh-2']);
});

interface Service extends AsyncDisposable {
  registry: FakeRegistry;
  host: string;
  /** Method, query or form, and authorization of what the token service was asked. */
  asked: string[];
}

/** A registry with a token service that gives refresh tokens; each access token is good for `tokenUses` requests. */
async function startService({
  oauthOnly = false,
  tokenUses = Number.POSITIVE_INFINITY,
}: {
  oauthOnly?: boolean;
  tokenUses?: number;
} = {}): Promise<Service> {
  const registry = await FakeRegistry.start();
  const asked: string[] = [];
  let uses = 0;
  const refresh = ['refresh-1', 'refresh-2', 'refresh-3'];
  registry.interfere = async (request, response) => {
    const { method = '', url = '', headers } = request;
    if (!url.startsWith('/token')) {
      if (headers.authorization?.startsWith('Bearer access') === true && (uses += 1) <= tokenUses) {
        if (url !== '/v2/') return false;
        response.end('{}');
        return true;
      }
      return challenge(response, `Bearer realm="http://${registry.host}/token",service="reg"`);
    }
    let form = '';
    for await (const chunk of request) form += String(chunk);
    asked.push(`${method} ${form || url.slice('/token'.length)} ${headers.authorization ?? ''}`);
    if (oauthOnly && method === 'GET') return answer(response, 405, {});
    const given = new URLSearchParams(form);
    const at = refresh.indexOf(given.get('refresh_token') ?? '');
    const isRight =
      headers.authorization === 'Basic bWU6c2VjcmV0' || given.get('password') === 'secret' || at >= 0;
    if (!isRight) return answer(response, 401, { details: 'incorrect username or password' });
    uses = 0;
    return answer(response, 200, { access_token: `access-${asked.length}`, refresh_token: refresh[at + 1] });
  };
  return {
    registry,
    host: registry.host,
    asked,
    [Symbol.asyncDispose]: () => registry[Symbol.asyncDispose](),
  };
}

function answer(response: ServerResponse, status: number, body: object): boolean {
  response.writeHead(status).end(JSON.stringify(body));
  return true;
}
