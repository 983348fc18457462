import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BuildProgress } from './stage-progress.ts';

test('speaks in the order of the file, whoever is ready first', () => {
  let text = '';
  const progress = new BuildProgress((part) => (text += part));
  const [one, two, three] = [progress.addStage(), progress.addStage(), progress.addStage()];
  two.line('two');
  one.line('one');
  assert.equal(text, 'one\n');
  three.line('three');
  three.end('done');
  one.end('done');
  assert.equal(text, 'one\ntwo\n');
  two.output(Buffer.from([0xe2, 0x82]));
  two.output(Buffer.from([0xac, 0x0a]));
  assert.equal(text, 'one\ntwo\n\u20ac\n');
  two.end('done');
  assert.equal(text, 'one\ntwo\n\u20ac\nthree\n');
});

test('ends with the stage that failed', () => {
  let text = '';
  const progress = new BuildProgress((part) => (text += part));
  const [one, two] = [progress.addStage(), progress.addStage()];
  one.line('one');
  two.line('two fails');
  two.end('failed');
  one.line('more of one');
  one.end('failed');
  progress.text('nothing after it');
  assert.equal(text, 'one\ntwo fails\n');
});

test('keeps no more than its bound of a stage that waits', () => {
  let length = 0;
  const progress = new BuildProgress((part) => (length += part.length));
  const [one, two] = [progress.addStage(), progress.addStage()];
  for (let count = 0; count < 20; count++) two.output(Buffer.alloc(1024 * 1024, 'x'));
  one.end('done');
  assert.ok(length < 6 * 1024 * 1024, String(length));
});
