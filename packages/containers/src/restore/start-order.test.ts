import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ContainerFixture } from '../../testing/index.ts';

const always = { RestartPolicy: { Name: 'always' as const } };

/** Runs the containers, starts the machine anew, and resolves with their names in the order of their starts. */
async function orderAfterReboot(fixture: ContainerFixture): Promise<string[]> {
  const { runtime, service } = fixture;
  const names = new Map<string, string>();
  const all = await service.list({ all: true, size: false, filters: new Map() });
  // Listed are the newest first.
  for (const { Id: id = '', Names: [name = ''] = [] } of all.toReversed()) {
    names.set(id, name.slice(1));
    await service.start(id);
  }
  await fixture.closeEngine();
  for (const id of names.keys()) await runtime.remove(id);
  runtime.requests.length = 0;
  await fixture.openEngine();
  while (runtime.requests.length < names.size) await runtime.started();
  return runtime.requests.map(({ containerId }) => names.get(containerId) ?? '');
}

test('after a reboot each container starts after those whose volumes it has and that it is linked to', async () => {
  await using fixture = await ContainerFixture.open();
  const needs = new Map<string, string>();
  const depth = 20;
  for (let index = 0; index < depth; index += 1) {
    const [name, needed] = [`c${index}`, `c${index - 1}`];
    const wish = index % 2 === 0 ? { VolumesFrom: [`${needed}:ro`] } : { Links: [`${needed}:it`] };
    await fixture.create('sleep', { HostConfig: { ...always, ...(index > 0 && wish) } }, name);
    if (index > 0) needs.set(name, needed);
    await fixture.create('sleep', { HostConfig: always }, `alone${index}`);
  }
  const order = await orderAfterReboot(fixture);
  assert.equal(new Set(order).size, 2 * depth);
  for (const [name, needed] of needs) {
    assert.ok(order.indexOf(needed) < order.indexOf(name), `${needed} before ${name}: ${order.join(' ')}`);
  }
});

test('containers that need each other, and one that needs itself, start all the same', async () => {
  await using fixture = await ContainerFixture.open();
  const from = (name: string): object => ({ HostConfig: { ...always, VolumesFrom: [name] } });
  await fixture.create('sleep', {}, 'second');
  await fixture.create('sleep', from('second'), 'first');
  await fixture.service.remove('second', { force: false, volumes: false });
  await fixture.create('sleep', from('first'), 'second');
  await fixture.create('sleep', {}, 'self');
  const self = await fixture.create('sleep', from('self'), 'other');
  await fixture.service.remove('self', { force: false, volumes: false });
  await fixture.service.rename(self, 'self');
  assert.deepEqual((await orderAfterReboot(fixture)).sort(), ['first', 'second', 'self']);
});
