import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseProcessList } from './top-container.ts';

test('the processes of the container are picked by the PID column, and the last column keeps its blanks', () => {
  const output = 'UID   PID  CMD\nroot    1  init\nroot   42  sh -c  sleep 9\n\nroot   43 sleep 9\n';
  assert.deepEqual(parseProcessList(output, new Set([42, 43])), {
    Titles: ['UID', 'PID', 'CMD'],
    Processes: [
      ['root', '42', 'sh -c sleep 9'],
      ['root', '43', 'sleep 9'],
    ],
  });
});

test('threads follow their process', () => {
  const output = 'PID TID\n7 -\n- 7\n- 8\n9 -\n- 9\n';
  assert.deepEqual(parseProcessList(output, new Set([7])).Processes, [
    ['7', '-'],
    ['-', '7'],
    ['-', '8'],
  ]);
});

test('output without a PID column is refused', () => {
  assert.throws(() => parseProcessList('CMD\nsh\n', new Set([1])), /Couldn't find PID field in ps output/);
});
