import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SharedWork } from './shared-work.ts';

test('those who ask at one time share one run, and later ones start anew', async () => {
  const shared = new SharedWork<number>();
  let runs = 0;
  const work = async (): Promise<number> => ++runs;
  assert.deepEqual(await Promise.all([shared.run('k', work), shared.run('k', work)]), [1, 1]);
  assert.equal(await shared.run('k', work), 2);
  assert.equal(await shared.run('other', work), 3);
});

test('work goes on while somebody waits, and is aborted when nobody does', async () => {
  const shared = new SharedWork<string>();
  const [first, second] = [new AbortController(), new AbortController()];
  let state = 'running';
  const work = (signal: AbortSignal): Promise<string> =>
    new Promise((_, reject) => {
      signal.addEventListener('abort', () => {
        state = 'aborted';
        reject(signal.reason as Error);
      });
    });
  const waiting = [shared.run('k', work, first.signal), shared.run('k', work, second.signal)];
  first.abort();
  await assert.rejects(waiting[0] ?? Promise.resolve(), { name: 'AbortError' });
  assert.equal(state, 'running');
  second.abort();
  await assert.rejects(waiting[1] ?? Promise.resolve(), { name: 'AbortError' });
  assert.equal(state, 'aborted');
  assert.equal(await shared.run('k', async () => 'anew'), 'anew');
});

test('a failure is told to everybody', async () => {
  const shared = new SharedWork<never>();
  const work = async (): Promise<never> => {
    throw new Error('no');
  };
  for (const result of [shared.run('k', work), shared.run('k', work)]) await assert.rejects(result, /no/);
});
