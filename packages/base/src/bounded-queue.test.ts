import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { BoundedQueue } from './bounded-queue.ts';

async function collect<T>(queue: BoundedQueue<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of queue) items.push(item);
  return items;
}

describe('BoundedQueue', () => {
  it('gives a reader what was pushed before and after it came, in order', async () => {
    const queue = new BoundedQueue<number>(10);
    queue.push(1);
    const all = collect(queue);
    await nextTurn();
    queue.push(2);
    await nextTurn();
    queue.push(3);
    queue.end();
    assert.deepEqual(await all, [1, 2, 3]);
  });

  it('refuses what does not fit, by count or by size', () => {
    const byCount = new BoundedQueue<string>(2);
    assert.deepEqual([byCount.push('a'), byCount.push('b'), byCount.push('c')], [true, true, false]);
    const bySize = new BoundedQueue<string>(10, (text) => text.length);
    assert.ok(bySize.push('x'.repeat(50)), 'one that is too large fits an empty queue');
    assert.ok(!bySize.push('y'));
  });

  it('delivers undefined, and items without size', async () => {
    const queue = new BoundedQueue<undefined | string>(2, () => 0);
    for (const item of [undefined, 'a', undefined]) assert.ok(queue.push(item));
    queue.end();
    assert.deepEqual(await collect(queue), [undefined, 'a', undefined]);
  });

  it('hands an error to the reader after what was queued', async () => {
    const queue = new BoundedQueue<number>(10);
    queue.push(1);
    queue.end(new Error('broken'));
    const seen: number[] = [];
    await assert.rejects(async () => {
      for await (const item of queue) seen.push(item);
    }, /broken/);
    assert.deepEqual(seen, [1]);
    assert.ok(!queue.push(2));
  });

  it('takes nothing more once its reader has left', async () => {
    const queue = new BoundedQueue<number>(10);
    queue.push(1);
    queue.push(2);
    for await (const item of queue) {
      assert.equal(item, 1);
      break;
    }
    assert.ok(queue.ended);
    assert.ok(!queue.push(3));
    await queue.drained();
  });

  it('tells everyone who waits when it is empty', async () => {
    const queue = new BoundedQueue<number>(10);
    await queue.drained();
    queue.push(1);
    let drained = 0;
    const waiting = [queue.drained(), queue.drained()].map((wait) => wait.then(() => (drained += 1)));
    await nextTurn();
    assert.equal(drained, 0);
    const all = collect(queue);
    await Promise.all(waiting);
    queue.end();
    assert.deepEqual(await all, [1]);
  });

  it('stays quick with a hundred thousand items', async () => {
    const queue = new BoundedQueue<number>(200_000);
    for (let index = 0; index < 100_000; index += 1) queue.push(index);
    queue.end();
    const items = await collect(queue);
    assert.ok(items.every((item, index) => item === index) && items.length === 100_000);
  });
});
