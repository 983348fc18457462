import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ProgressMessage } from '@gantry/api-types';
import { SharedRuns } from './shared-runs.ts';

interface Controlled {
  report: (message: ProgressMessage) => void;
  signal: AbortSignal;
  finish: (value: string) => void;
  fail: (error: Error) => void;
}

/** Work that a test drives; `runs` counts how often it began. */
function controlled(): {
  runs: Controlled[];
  work: (report: Controlled['report'], signal: AbortSignal) => Promise<string>;
} {
  const runs: Controlled[] = [];
  const work = (report: Controlled['report'], signal: AbortSignal): Promise<string> => {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    signal.addEventListener('abort', () => reject(signal.reason as Error));
    runs.push({ report, signal, finish: resolve, fail: reject });
    return promise;
  };
  return { runs, work };
}

function waiter(signal?: AbortSignal): {
  lines: string[];
  onProgress: (m: ProgressMessage) => void;
  signal?: AbortSignal;
} {
  const lines: string[] = [];
  return {
    lines,
    onProgress: ({ status }) => lines.push(status ?? ''),
    ...(signal === undefined ? {} : { signal }),
  };
}

test('all who ask share one run, see its progress and get its result', async () => {
  const shared = new SharedRuns<string>();
  const { runs, work } = controlled();
  const [early, late] = [waiter(), waiter()];
  const first = shared.join('a', early, work);
  runs[0]?.report({ id: 'x', status: 'one' });
  runs[0]?.report({ id: 'x', status: 'two' });
  const second = shared.join('a', late, work);
  runs[0]?.report({ status: 'three' });
  runs[0]?.finish('done');
  assert.deepEqual(await Promise.all([first, second]), ['done', 'done']);
  assert.deepEqual(early.lines, ['one', 'two', 'three']);
  assert.deepEqual(late.lines, ['two', 'three']);
  assert.equal(runs.length, 1);
});

test('a failure reaches all, and the next one begins anew', async () => {
  const shared = new SharedRuns<string>();
  const { runs, work } = controlled();
  const both = [shared.join('a', waiter(), work), shared.join('a', waiter(), work)];
  runs[0]?.fail(new Error('no'));
  for (const one of both) await assert.rejects(one, /no/);
  const again = shared.join('a', waiter(), work);
  runs[1]?.finish('yes');
  assert.equal(await again, 'yes');
});

test('one who leaves does not stop the others; the last one does', async () => {
  const shared = new SharedRuns<string>();
  const { runs, work } = controlled();
  const [leaving, staying] = [new AbortController(), new AbortController()];
  const first = shared.join('a', waiter(leaving.signal), work);
  const second = shared.join('a', waiter(staying.signal), work);
  leaving.abort();
  await assert.rejects(first, { name: 'AbortError' });
  assert.equal(runs[0]?.signal.aborted, false);
  staying.abort();
  await assert.rejects(second, { name: 'AbortError' });
  assert.equal(runs[0].signal.aborted, true);
});

test('different keys do not share', async () => {
  const shared = new SharedRuns<string>();
  const { runs, work } = controlled();
  const both = [shared.join('a', waiter(), work), shared.join('b', waiter(), work)];
  runs[0]?.finish('A');
  runs[1]?.finish('B');
  assert.deepEqual(await Promise.all(both), ['A', 'B']);
});
