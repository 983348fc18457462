import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { closeDescriptor, readDescriptor, writeDescriptor } from './descriptors.ts';
import { EventCounter } from './event-counter.ts';
import { makePipe } from './pipes.ts';
import { ReadinessPoller } from './readiness.ts';

test('a watch is called once for each time it is armed', async () => {
  using poller = new ReadinessPoller();
  using counter = new EventCounter();
  let calls = 0;
  let next = Promise.withResolvers<void>();
  using watch = poller.watch(counter.descriptor, 'readable', () => {
    calls += 1;
    next.resolve();
  });
  watch.arm();
  counter.add();
  await next.promise;
  counter.add();
  await poller.ready(pipeWithData(), 'readable');
  assert.equal(calls, 1);
  next = Promise.withResolvers();
  watch.arm();
  watch.arm();
  await next.promise;
  assert.equal(calls, 2);
  assert.equal(counter.take(), 2n);
  assert.equal(counter.take(), 0n);
});

test('the other side going away is told to every interest', async () => {
  using poller = new ReadinessPoller();
  const { readEnd, writeEnd } = makePipe();
  closeDescriptor(writeEnd);
  await poller.ready(readEnd, 'hangup');
  assert.equal(readDescriptor(readEnd, new Uint8Array(1)), 0);
  closeDescriptor(readEnd);
});

test('a thousand pipes are told apart', async () => {
  using poller = new ReadinessPoller();
  const pipes = Array.from({ length: 1000 }, () => makePipe());
  const seen: number[] = [];
  const all = Promise.withResolvers<void>();
  const watches = pipes.map(({ readEnd }, index) =>
    poller.watch(readEnd, 'readable', () => {
      seen.push(index);
      if (seen.length === 500) all.resolve();
    }),
  );
  for (const watch of watches) watch.arm();
  for (let index = 0; index < 1000; index += 2)
    writeDescriptor(pipes[index]?.writeEnd ?? -1, Buffer.from('x'));
  await all.promise;
  assert.deepEqual(
    seen.sort((a, b) => a - b),
    Array.from({ length: 500 }, (_, index) => index * 2),
  );
  for (const watch of watches) watch[Symbol.dispose]();
  for (const { readEnd, writeEnd } of pipes) {
    closeDescriptor(readEnd);
    closeDescriptor(writeEnd);
  }
});

test('a wait ends with the abort of its signal', async () => {
  using poller = new ReadinessPoller();
  using counter = new EventCounter();
  const controller = new AbortController();
  const waiting = poller.ready(counter.descriptor, 'readable', controller.signal);
  controller.abort(new Error('enough'));
  await assert.rejects(waiting, /enough/);
});

test('neither process.exit nor a disposed watch leaves the process hanging', () => {
  const module = import.meta.resolve('./readiness.ts');
  const counter = import.meta.resolve('./event-counter.ts');
  const start = `import { ReadinessPoller } from '${module}'; import { EventCounter } from '${counter}';
    const poller = new ReadinessPoller(); const watch = poller.watch(new EventCounter().descriptor, 'readable', () => {}); watch.arm();`;
  const run = (end: string): Buffer =>
    execFileSync(process.execPath, ['--input-type=module', '--eval', start + end], { timeout: 20_000 });
  run('setImmediate(() => process.exit(0))');
  run('setImmediate(() => watch[Symbol.dispose]())');
  run('setImmediate(() => poller[Symbol.dispose]())');
});

function pipeWithData(): number {
  const { readEnd, writeEnd } = makePipe();
  writeDescriptor(writeEnd, Buffer.from('x'));
  closeDescriptor(writeEnd);
  return readEnd;
}
