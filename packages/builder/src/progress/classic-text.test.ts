import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '@gantry/base';
import { BuildProgress } from './build-progress.ts';
import { ClassicText } from './classic-text.ts';

function speaking(): { progress: BuildProgress; said: () => string } {
  let text = '';
  const classic = new ClassicText((part) => (text += part));
  const progress = new BuildProgress({ onEvent: (event) => classic.take(event), clock: systemClock });
  return { progress, said: () => text };
}

test('speaks in the order of the file, whoever is ready first', () => {
  const { progress, said } = speaking();
  const [one, two, three] = [progress.addStage(), progress.addStage(), progress.addStage()];
  two.instruction('two', 2, 3);
  one.instruction('one', 1, 3);
  assert.equal(said(), 'Step 1/3 : one\n');
  three.instruction('three', 3, 3);
  three.end('done');
  one.end('done');
  assert.equal(said(), 'Step 1/3 : one\nStep 2/3 : two\n');
  const step = two.step('[2/2] RUN two');
  step.running();
  step.output(Buffer.from([0xe2, 0x82]));
  step.output(Buffer.from([0xac, 0x0a]));
  step.done();
  assert.equal(said(), 'Step 1/3 : one\nStep 2/3 : two\n ---> Running\n\u20ac\n');
  two.end('done');
  assert.match(said(), /\u20ac\nStep 3\/3 : three\n$/);
});

test('tells of the cache when a step is over, once', () => {
  const { progress, said } = speaking();
  const step = progress.addStage().step('[2/2] RUN x');
  step.cached();
  step.done();
  step.done();
  assert.equal(said(), ' ---> Using cache\n');
});

test('ends with the stage that failed', () => {
  const { progress, said } = speaking();
  const [one, two] = [progress.addStage(), progress.addStage()];
  one.instruction('one', 1, 2);
  two.instruction('two fails', 2, 2);
  two.end('failed');
  one.instruction('more of one', 1, 2);
  one.end('failed');
  progress.tell({ kind: 'unused-arguments', names: ['x'] });
  assert.equal(said(), 'Step 1/2 : one\nStep 2/2 : two fails\n');
});

test('keeps no more than its bound of a stage that waits', () => {
  const { progress, said } = speaking();
  const [one, two] = [progress.addStage(), progress.addStage()];
  const step = two.step('[2/2] RUN yes');
  for (let count = 0; count < 20; count++) step.output(Buffer.alloc(1024 * 1024, 'x'));
  one.end('done');
  assert.ok(said().length < 6 * 1024 * 1024, String(said().length));
});
