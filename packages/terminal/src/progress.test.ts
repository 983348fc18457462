import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ProgressPrinter, type ProgressUpdate } from './progress.ts';

function print(updates: readonly ProgressUpdate[], isTerminal: boolean, columns: number = 80): string {
  let text = '';
  const printer = new ProgressPrinter({ write: (data) => void (text += String(data)), isTerminal }, columns);
  for (const update of updates) printer.print(update);
  return text;
}

const updates: ProgressUpdate[] = [
  { id: 'latest', status: 'Pulling from x' },
  { id: 'one', status: 'Downloading', progressDetail: { current: 1000, total: 2000 } },
  { id: 'two', status: 'Waiting', progressDetail: {} },
  { id: 'one', status: 'Pull complete', progressDetail: {} },
  { progressDetail: {}, aux: { ID: 'for a program' } },
  { status: 'Done' },
];

test('prints changes of status as lines where there is no terminal, and no bars', () => {
  assert.equal(print(updates, false), 'latest: Pulling from x\ntwo: Waiting\none: Pull complete\nDone\n');
});

test('redraws the line of each id on a terminal', () => {
  assert.equal(
    print(updates, true),
    [
      'latest: Pulling from x\n',
      '\n\x1b[1A\x1b[2K\rone: Downloading      1kB/2kB\r\x1b[1B',
      '\n\x1b[1A\x1b[2K\rtwo: Waiting\r\x1b[1B',
      '\x1b[2A\x1b[2K\rone: Pull complete\r\x1b[2B',
      'Done\n',
    ].join(''),
  );
});

test('draws a bar where there is room for it, and never more than a line', () => {
  const wide = print([{ id: 'x', status: 's', progressDetail: { current: 1, total: 2 } }], true, 120);
  assert.ok(wide.includes(`[${'='.repeat(25)}>${' '.repeat(25)}]`));
  const narrow = print([{ id: 'x'.repeat(100), status: 's', progressDetail: {} }], true, 20);
  assert.ok(narrow.includes(`\r${'x'.repeat(19)}\r`));
});

test('prints streams as they are', () => {
  assert.equal(print([{ stream: 'Loaded image: a\n' }], true), 'Loaded image: a\n');
});
