import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readModeChange } from './change-mode.ts';

test('reads octal and symbolic modes as chmod does', () => {
  const cases: [string, number, 'file' | 'directory', number][] = [
    ['644', 0o777, 'file', 0o644],
    ['4755', 0, 'file', 0o4755],
    ['u=rwx,go=', 0o644, 'file', 0o700],
    ['+x', 0o644, 'file', 0o755],
    ['go-w', 0o666, 'file', 0o644],
    ['a=r', 0o777, 'file', 0o444],
    ['u+X', 0o644, 'file', 0o644],
    ['u+X', 0o645, 'file', 0o745],
    ['go+X', 0o700, 'directory', 0o711],
    ['u+s,+t', 0o755, 'file', 0o5755],
    ['g=u', 0o640, 'file', -1],
  ];
  for (const [text, mode, kind, expected] of cases) {
    if (expected < 0) assert.throws(() => readModeChange(text), /invalid chmod parameter: 'g=u'/);
    else assert.equal(readModeChange(text)({ mode, kind }).toString(8), expected.toString(8), text);
  }
  for (const text of ['8', 'rwx', '', '99999', 'u+q'])
    assert.throws(() => readModeChange(text), /invalid chmod parameter/, text);
});
