import assert from 'node:assert/strict';
import { test } from 'node:test';
import { humanDuration } from './human-duration.ts';

test('spans read as Docker writes them', () => {
  const second = 1000;
  const minute = 60 * second;
  const hour = 60 * minute;
  const day = 24 * hour;
  const cases: [number, string][] = [
    [0, 'Less than a second'],
    [1.5 * second, '1 second'],
    [59 * second, '59 seconds'],
    [minute, 'About a minute'],
    [45 * minute, '45 minutes'],
    [hour, 'About an hour'],
    [90 * minute, '2 hours'],
    [47 * hour, '47 hours'],
    [3 * day, '3 days'],
    [15 * day, '2 weeks'],
    [70 * day, '2 months'],
    [800 * day, '2 years'],
  ];
  for (const [span, text] of cases) assert.equal(humanDuration(span), text);
});
