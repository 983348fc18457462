import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ProgressError, ProtocolError } from './errors.ts';
import { readJsonLines, readProgress } from './json-lines.ts';

async function collect<T>(
  reader: (source: AsyncIterable<Uint8Array>) => AsyncIterable<T>,
  text: string,
): Promise<T[]> {
  async function* bytes(): AsyncGenerator<Uint8Array> {
    for (const byte of Buffer.from(text)) yield Uint8Array.of(byte);
  }
  const items: T[] = [];
  for await (const item of reader(bytes())) items.push(item);
  return items;
}

test('reads objects that CR LF or LF part, cut anywhere, the last one without an end', async () => {
  const text = '{"a":1}\r\n\r\n{"b":"ü€"}\n{"c":3}';
  assert.deepEqual(await collect(readJsonLines, text), [{ a: 1 }, { b: 'ü€' }, { c: 3 }]);
});

test('refuses a line that is not JSON', async () => {
  await assert.rejects(collect(readJsonLines, '{"a":1}\n{oops\n'), ProtocolError);
});

test('throws the error that a progress stream tells, after the messages before it', async () => {
  const seen: unknown[] = [];
  const run = async (): Promise<void> => {
    async function* source(): AsyncGenerator<Uint8Array> {
      yield Buffer.from('{"status":"one"}\r\n{"errorDetail":{"message":"no space"},"error":"old"}\r\n');
    }
    for await (const message of readProgress(source())) seen.push(message);
  };
  await assert.rejects(run(), (error) => error instanceof ProgressError && error.message === 'no space');
  assert.deepEqual(seen, [{ status: 'one' }]);
});
