import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { after, before, beforeEach, describe, test } from 'node:test';
import { FakeRegistry, openTestClient } from '../../testing/index.ts';
import type { RegistryClient } from '../registry-client.ts';

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
  registry.requests.length = 0;
});

function answerWith(body: string, status = 200): void {
  registry.interfere = (_request: IncomingMessage, response) => {
    response.writeHead(status, { 'Content-Type': 'application/json' }).end(body);
    return true;
  };
}

describe('a search', () => {
  test('asks by API v1, and takes what it is told in the registry’s order', async () => {
    const results = [
      { name: 'team/app', description: 'ours', star_count: 3, is_official: false, is_automated: true },
      { name: 'app', description: null, star_count: 'many', is_official: true },
      { description: 'without a name' },
      'no object',
    ];
    answerWith(JSON.stringify({ num_results: 4, query: 'a b', results }));
    assert.deepEqual(await client.search(registry.host, 'a b&c', { limit: 7 }), [
      { name: 'team/app', description: 'ours', starCount: 3, isOfficial: false },
      { name: 'app', description: '', starCount: 0, isOfficial: true },
    ]);
    assert.deepEqual(registry.requests, ['GET /v1/search?q=a+b%26c&n=7']);
  });

  test('takes no more than was asked for', async () => {
    const results = Array.from({ length: 500 }, (_, at) => ({ name: `r${at}` }));
    answerWith(JSON.stringify({ results }));
    assert.equal((await client.search(registry.host, 'r', { limit: 3 })).length, 3);
    assert.equal((await client.search(registry.host, 'r')).length, 100);
  });

  test('of a registry that has none says so', async () => {
    answerWith('404 page not found', 404);
    await assert.rejects(client.search(registry.host, 'x'), {
      code: 'registry-search-unsupported',
      message: `registry ${registry.host} cannot be searched: it does not have Docker's search API (GET /v1/search: 404 Not Found)`,
    });
    for (const body of ['<html>', '{"results":{}}', 'null']) {
      answerWith(body);
      await assert.rejects(client.search(registry.host, 'x'), { code: 'registry-search-unsupported' });
    }
  });

  test('is not read without an end', async () => {
    answerWith(`{"results":["${'x'.repeat(5 << 20)}"]}`);
    await assert.rejects(client.search(registry.host, 'x'), /the answer is longer than 4194304 bytes/);
  });
});
