import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Clock, systemClock } from '@gantry/base';
import { throttleProgress } from './progress-throttle.ts';

test('numbers are passed on ten times a second for each id, words always, and the end always', () => {
  let nowMs = 0;
  const clock: Clock = { ...systemClock, nowNs: () => BigInt(nowMs) * 1_000_000n };
  const seen: string[] = [];
  const report = throttleProgress(clock, ({ id, status, progressDetail }) => {
    seen.push(`${id} ${status} ${progressDetail?.current ?? ''}`);
  });
  for (; nowMs < 250; nowMs += 10) {
    report({ id: 'a', status: 's', progressDetail: { current: nowMs, total: 240 } });
  }
  report({ id: 'b', status: 's', progressDetail: { current: 1 } });
  report({ id: 'a', status: 'done' });
  report({ id: 'a', status: 'done' });
  assert.deepEqual(seen, ['a s 0', 'a s 100', 'a s 200', 'a s 240', 'b s 1', 'a done ', 'a done ']);
});
