import assert from 'node:assert/strict';
import { test } from 'node:test';
import { timeMethods } from './time-methods.ts';

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

test('calls that succeed are timed, and those that fail are not', async () => {
  const told: [string, boolean][] = [];
  const [good, bad] = [new Service(false), new Service(true)];
  for (const service of [good, bad]) {
    timeMethods(service, { start: 'begin' }, (action, seconds) => told.push([action, seconds >= 0]));
  }
  assert.equal(await good.start('a'), 'a');
  await assert.rejects(bad.start('b'), { message: 'no' });
  assert.deepEqual(told, [['begin', true]]);
});
