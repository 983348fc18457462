import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { KeyedLock } from './keyed-lock.ts';

describe('KeyedLock', () => {
  it('runs the holders of one key one after the other, in order of asking', async () => {
    const lock = new KeyedLock();
    const log: string[] = [];
    const hold = (name: string): Promise<void> =>
      lock.run('key', async () => {
        log.push(`${name} in`);
        await nextTurn();
        log.push(`${name} out`);
      });
    await Promise.all([hold('a'), hold('b'), hold('c')]);
    assert.deepEqual(log, ['a in', 'a out', 'b in', 'b out', 'c in', 'c out']);
  });

  it('lets different keys run at once', async () => {
    const lock = new KeyedLock();
    const gate = Promise.withResolvers<void>();
    const held = lock.run('a', () => gate.promise);
    assert.equal(await lock.run('b', () => 'ran'), 'ran');
    gate.resolve();
    await held;
  });

  it('goes on after a holder that throws, at once or later', async () => {
    const lock = new KeyedLock();
    const fail = (): never => {
      throw new Error('at once');
    };
    await assert.rejects(lock.run('key', fail), /at once/);
    await assert.rejects(
      lock.run('key', async () => {
        await nextTurn();
        throw new Error('later');
      }),
      /later/,
    );
    assert.equal(await lock.run('key', () => 1), 1);
  });

  it('lets a waiter leave the queue without letting the next one in early', async () => {
    const lock = new KeyedLock();
    const gate = Promise.withResolvers<void>();
    const abort = new AbortController();
    const log: string[] = [];
    const first = lock.run('key', () => gate.promise.then(() => log.push('first')));
    const leaving = lock.run('key', () => log.push('left'), abort.signal);
    const last = lock.run('key', () => log.push('last'));
    abort.abort(new Error('given up'));
    await assert.rejects(leaving, /given up/);
    await nextTurn();
    assert.deepEqual(log, []);
    gate.resolve();
    await Promise.all([first, last]);
    assert.deepEqual(log, ['first', 'last']);
  });

  it('does not begin with a signal that is aborted already', async () => {
    const lock = new KeyedLock();
    await assert.rejects(
      lock.run('key', () => assert.fail('ran'), AbortSignal.abort(new Error('too late'))),
      /too late/,
    );
    assert.equal(await lock.run('key', () => 1), 1);
  });
});
