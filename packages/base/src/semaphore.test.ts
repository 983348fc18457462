import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Semaphore } from './semaphore.ts';

describe('Semaphore', () => {
  it('never lets more in than it has permits, and all in the end', async () => {
    const semaphore = new Semaphore(3);
    let inside = 0;
    let most = 0;
    const results = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        semaphore.run(async () => {
          inside += 1;
          most = Math.max(most, inside);
          await nextTurn();
          inside -= 1;
          return index;
        }),
      ),
    );
    assert.equal(most, 3);
    assert.deepEqual(
      results,
      Array.from({ length: 20 }, (_, index) => index),
    );
  });

  it('gives the permit back when the work throws', async () => {
    const semaphore = new Semaphore(1);
    const fail = (): never => {
      throw new Error('failed');
    };
    await assert.rejects(semaphore.run(fail), /failed/);
    assert.equal(await semaphore.run(() => 1), 1);
  });

  it('lets a waiter leave, and serves the one behind it', async () => {
    const semaphore = new Semaphore(1);
    const gate = Promise.withResolvers<void>();
    const abort = new AbortController();
    const first = semaphore.run(() => gate.promise);
    const leaving = semaphore.run(() => assert.fail('ran'), abort.signal);
    const last = semaphore.run(() => 'last');
    abort.abort(new Error('given up'));
    await assert.rejects(leaving, /given up/);
    gate.resolve();
    await first;
    assert.equal(await last, 'last');
    await assert.rejects(
      semaphore.run(() => 1, AbortSignal.abort(new Error('too late'))),
      /too late/,
    );
  });
});
