import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, beforeEach, describe, test } from 'node:test';
import { type Digest, parseReference } from '@gantry/oci';
import { FakeRegistry, openTestClient } from '../../testing/index.ts';
import type { RegistryClient } from '../registry-client.ts';
import type { RangeSettings } from './ranged-blob.ts';

const bytes = randomBytes(1_000_000);
const slow: RangeSettings = {
  leastBytes: 200_000,
  enoughBytesPerSecond: Number.POSITIVE_INFINITY,
  measuredBytes: 100_000,
  connections: 3,
  segmentBytes: 100_000,
};
let registry: FakeRegistry;
let client: RegistryClient;
let digest: Digest;
/** `Range` of what was asked for. */
let ranges: string[];

before(async () => {
  registry = await FakeRegistry.start();
  digest = registry.putBlob(bytes) as Digest;
  client = openTestClient({}, { ranges: slow });
});
after(async () => {
  client[Symbol.dispose]();
  await registry[Symbol.asyncDispose]();
});
beforeEach(() => {
  ranges = [];
  registry.interfere = ({ headers }) => {
    ranges.push(headers.range ?? 'all');
    return false;
  };
});

async function fetched({
  offset,
  by = client,
}: {
  offset?: number;
  by?: RegistryClient;
} = {}): Promise<Buffer> {
  const repository = await by.repository(parseReference(`${registry.host}/team/app`), 'pull');
  const options = offset === undefined ? {} : { offset };
  const chunks = await Array.fromAsync(repository.blob({ digest, size: bytes.length }, options));
  return Buffer.concat(chunks);
}

describe('a large blob', () => {
  test('that comes slowly comes over several connections, in its order', async () => {
    assert.deepEqual(await fetched(), bytes);
    assert.equal(ranges[0], 'all');
    assert.ok(ranges.length >= 8 && ranges.slice(1).every((range) => /^bytes=\d+-\d+$/.test(range)));
  });

  test('is had from where one has it already', async () => {
    assert.deepEqual(await fetched({ offset: 450_000 }), bytes.subarray(450_000));
    assert.equal(ranges[0], 'bytes=450000-');
    ranges = [];
    assert.deepEqual(await fetched({ offset: 950_000 }), bytes.subarray(950_000));
    assert.deepEqual(ranges, ['bytes=950000-']);
  });

  test('that comes quickly comes over one connection', async () => {
    using quick = openTestClient({}, { ranges: { ...slow, enoughBytesPerSecond: 0 } });
    assert.deepEqual(await fetched({ by: quick }), bytes);
    assert.deepEqual(ranges, ['all']);
  });

  test('comes over one connection from a registry that announces no ranges', async () => {
    registry.interfere = ({ headers }, response) => {
      ranges.push(headers.range ?? 'all');
      response.writeHead(200, { 'Content-Length': bytes.length }).end(bytes);
      return true;
    };
    assert.deepEqual(await fetched(), bytes);
    assert.deepEqual(ranges, ['all']);
  });

  test('comes over one connection again from a registry that does not keep to its ranges', async () => {
    for (const lie of [
      { 'Content-Range': `bytes 0-99999/${bytes.length}` },
      { 'Content-Range': 'nonsense' },
      undefined,
    ]) {
      ranges = [];
      registry.interfere = ({ headers: { range = 'all' } }, response) => {
        ranges.push(range);
        if (!/-\d+$/.test(range)) return false;
        const from = Number(/\d+/.exec(range)?.[0]);
        const honest = { 'Content-Range': `bytes ${from}-${bytes.length - 1}/${bytes.length}` };
        response.writeHead(206, lie ?? honest).end(bytes.subarray(lie === undefined ? from : 0));
        return true;
      };
      assert.deepEqual(await fetched(), bytes);
      assert.match(ranges.at(-1) ?? '', /^bytes=\d+-$/);
    }
  });

  test('is taken up again where a connection broke, in each of its parts', async () => {
    const broken = new Set<string>();
    registry.interfere = ({ headers: { range = '' } }, response) => {
      const [, first = '', last = ''] = /^bytes=(\d+)-(\d+)$/.exec(range) ?? [];
      ranges.push(range);
      if (last === '' || broken.has(last)) return false;
      broken.add(last);
      const from = Number(first);
      response.writeHead(206, {
        'Content-Length': Number(last) + 1 - from,
        'Content-Range': `bytes ${from}-${last}/${bytes.length}`,
      });
      response.write(bytes.subarray(from, from + 30_000), () => response.destroy());
      return true;
    };
    assert.deepEqual(await fetched(), bytes);
    assert.ok(broken.size >= 7);
  });

  test('stops with all its connections when its reader does', async () => {
    const repository = await client.repository(parseReference(`${registry.host}/team/app`), 'pull');
    let received = 0;
    for await (const chunk of repository.blob({ digest, size: bytes.length })) {
      received += chunk.length;
      if (received > 250_000) break;
    }
    assert.ok(ranges.length < 9, String(ranges.length));
    const stop = new AbortController();
    await assert.rejects(async () => {
      for await (const _ of repository.blob({ digest, size: bytes.length }, { signal: stop.signal }))
        if (ranges.length > 8) stop.abort(new Error('enough'));
    }, /enough/);
  });
});
