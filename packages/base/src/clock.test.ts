import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ManualClock } from '../testing/index.ts';
import { type Clock, systemClock } from './clock.ts';

for (const [name, make] of Object.entries({
  systemClock: () => systemClock,
  ManualClock: () => new ManualClock(),
})) {
  describe(`${name} as any clock`, () => {
    it('agrees with itself on the time, to a second', () => {
      const clock: Clock = make();
      assert.ok(Math.abs(clock.now().getTime() - Number(clock.nowNs() / 1_000_000n)) < 1000);
    });

    it('never goes back', () => {
      const clock = make();
      let last = clock.nowNs();
      for (let index = 0; index < 1000; index += 1) {
        const next = clock.nowNs();
        assert.ok(next >= last);
        last = next;
      }
    });

    it('ends a sleep with AbortError when it is aborted, before or meanwhile', async () => {
      const clock = make();
      await assert.rejects(clock.sleep(60_000, AbortSignal.abort()), { name: 'AbortError' });
      const abort = new AbortController();
      const sleep = clock.sleep(60_000, abort.signal);
      abort.abort();
      await assert.rejects(sleep, { name: 'AbortError' });
    });
  });
}

describe('systemClock', () => {
  it('sleeps as long as it is told', async () => {
    const before = systemClock.nowNs();
    // The timer itself does not keep the process alive.
    const keepAlive = setInterval(() => {}, 1000);
    await systemClock.sleep(20);
    clearInterval(keepAlive);
    assert.ok(systemClock.nowNs() - before >= 19_000_000n);
  });
});

describe('ManualClock', () => {
  it('wakes sleepers in order of time, each at its own', async () => {
    const clock = new ManualClock();
    const start = clock.nowNs();
    const log: [string, bigint][] = [];
    const sleeper = async (name: string, timeoutMs: number): Promise<void> => {
      await clock.sleep(timeoutMs);
      log.push([name, (clock.nowNs() - start) / 1_000_000n]);
    };
    const all = [sleeper('late', 300), sleeper('early', 100), sleeper('never', 301)];
    await clock.sleeping(3);
    await clock.advance(300);
    assert.deepEqual(log, [
      ['early', 100n],
      ['late', 300n],
    ]);
    assert.equal(clock.nowNs() - start, 300_000_000n);
    await clock.advance(1);
    await Promise.all(all);
  });

  it('wakes a loop as often as it sleeps in the stretch', async () => {
    const clock = new ManualClock();
    let ticks = 0;
    const abort = new AbortController();
    const loop = (async () => {
      for (;;) {
        await clock.sleep(1000, abort.signal);
        ticks += 1;
      }
    })();
    await clock.advance(5500);
    assert.equal(ticks, 5);
    abort.abort();
    await assert.rejects(loop, { name: 'AbortError' });
  });

  it('lets the wall clock jump without anyone waking', async () => {
    const clock = new ManualClock();
    const before = clock.nowNs();
    clock.setWallClock(new Date('2030-01-01T00:00:00Z'));
    assert.equal(clock.now().getUTCFullYear(), 2030);
    assert.equal(clock.nowNs(), before);
    await clock.advance(1000);
    assert.equal(clock.now().toISOString(), '2030-01-01T00:00:01.000Z');
  });
});
