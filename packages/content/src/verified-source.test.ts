import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { abortable } from './verified-source.ts';

test('a source that can be aborted passes chunks on and keeps none of them', async () => {
  const passed: WeakRef<Uint8Array>[] = [];
  const steps = abortable(manyChunks(8), new AbortController().signal);
  for (let index = 0; index < 8; index += 1) passed.push(await weakly(steps));
  await nextTurn();
  collectGarbage();
  assert.deepEqual(
    passed.slice(0, -1).map((chunk) => chunk.deref()?.length),
    Array.from({ length: 7 }, () => undefined),
  );
  assert.equal((await steps.next()).done, true);
});

test('an abort ends the wait for a source that hangs, and one between two chunks the next step', async () => {
  const hanging = new AbortController();
  const waiting = abortable(new Hanging(), hanging.signal).next();
  hanging.abort(new Error('enough'));
  await assert.rejects(waiting, /enough/);

  const between = new AbortController();
  const steps = abortable(manyChunks(2), between.signal);
  await steps.next();
  between.abort(new Error('enough'));
  await assert.rejects(steps.next(), /enough/);
});

/** In a function of its own: the caller must not hold the chunk. */
async function weakly(steps: AsyncGenerator<Uint8Array, void>): Promise<WeakRef<Uint8Array>> {
  const { value } = await steps.next();
  assert.ok(value);
  return new WeakRef(value);
}

function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
}

async function* manyChunks(count: number): AsyncGenerator<Uint8Array> {
  for (let index = 0; index < count; index += 1) yield new Uint8Array(1024);
}

class Hanging implements AsyncIterable<Uint8Array> {
  [Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    return { next: () => new Promise(() => {}) };
  }
}
