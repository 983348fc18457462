import assert from 'node:assert/strict';
import { test } from 'node:test';
import { alignColumns } from './table.ts';

test('pads columns to the widest cell and three spaces, at least to ten, and leaves the last alone', () => {
  assert.equal(
    alignColumns('ID\tNAME\tX\na-long-identifier\tb\tyy'),
    'ID                  NAME      X\na-long-identifier   b         yy',
  );
});

test('gives lines in a row that have a column their own width', () => {
  assert.equal(
    alignColumns('aaaaaaaaaaaaaaa\tx\nno columns here\nb\ty', { minWidth: 4, padding: 1 }),
    'aaaaaaaaaaaaaaa x\nno columns here\nb   y',
  );
});

test('counts characters, not bytes', () => {
  assert.equal(alignColumns('é…\tx\nabc\ty', { minWidth: 0, padding: 1 }), 'é…  x\nabc y');
});

test('keeps an empty text, and cells at the end that are empty', () => {
  assert.equal(alignColumns(''), '');
  assert.equal(alignColumns('a\t', { minWidth: 3, padding: 1 }), 'a  ');
});
