import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Histogram, timeMethods } from './histogram.ts';
import { counter, histogram, metricsText } from './metrics-text.ts';

test('times are told in buckets that hold those below them too', () => {
  const times = new Histogram(['start', 'delete']);
  for (const seconds of [0.001, 0.005, 0.2, 60]) times.observe('start', seconds);
  times.observe('unknown', 1);
  const lines = metricsText([histogram('actions_seconds', 'How long', times)]).split('\n');
  assert.deepEqual(lines.slice(0, 3), [
    '# HELP actions_seconds How long',
    '# TYPE actions_seconds histogram',
    'actions_seconds_bucket{action="start",le="0.005"} 2',
  ]);
  assert.ok(lines.includes('actions_seconds_bucket{action="start",le="0.25"} 3'));
  assert.ok(lines.includes('actions_seconds_bucket{action="start",le="10"} 3'));
  assert.ok(lines.includes('actions_seconds_bucket{action="start",le="+Inf"} 4'));
  assert.ok(lines.includes('actions_seconds_sum{action="start"} 60.206'));
  assert.ok(lines.includes('actions_seconds_count{action="delete"} 0'));
});

test('values of labels are quoted', () => {
  const metric = {
    name: 'info',
    help: 'What',
    type: 'gauge',
    samples: [{ labels: { os: 'a "b"\\\n' }, value: 1 }],
  } as const;
  assert.equal(
    metricsText([metric, counter('all', 'How many', 2)]),
    '# HELP info What\n# TYPE info gauge\ninfo{os="a \\"b\\"\\\\\\n"} 1\n# HELP all How many\n# TYPE all counter\nall 2\n',
  );
});

test('calls that succeed are timed, and those that fail are not', async () => {
  class Service {
    readonly #fails: boolean;
    constructor(fails: boolean) {
      this.#fails = fails;
    }
    async start(name: string): Promise<string> {
      if (this.#fails) throw new Error('no');
      return name;
    }
  }
  const times = new Histogram(['start']);
  const [good, bad] = [new Service(false), new Service(true)];
  for (const service of [good, bad]) timeMethods(service, { start: 'start' }, times);
  assert.equal(await good.start('a'), 'a');
  await assert.rejects(bad.start('b'), { message: 'no' });
  const count = [...times.samples()].find(({ suffix }) => suffix === '_count');
  assert.equal(count?.value, 1);
});
