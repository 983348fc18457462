import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Digest } from '@gantry/oci';
import { makeTestImage } from '@gantry/testkit';
import { ImageStoreFixture } from '../../testing/index.ts';

async function loaded(
  context: TestContext,
  ...names: string[]
): Promise<{ fixture: ImageStoreFixture; id: Digest; short: string }> {
  const fixture = new ImageStoreFixture();
  context.after(() => fixture[Symbol.dispose]());
  await fixture.load(
    makeTestImage({ format: 'oci-layout', images: [{ names, layers: [[{ name: 'a' }]] }] }).archive,
  );
  const [image] = await fixture.list();
  const id = image?.Id as Digest;
  return { fixture, id, short: id.slice('sha256:'.length, 'sha256:'.length + 12) };
}

const container = 'c0ffee'.padEnd(64, '0');

function use(fixture: ImageStoreFixture, imageId: Digest, running: boolean): void {
  fixture.containers.push({ imageId, id: container, name: 'c', running });
}

const gently = { force: false, prune: true };
const forced = { force: true, prune: true };

test('a name goes alone while the image has others', async (context) => {
  const { fixture, id } = await loaded(context, 'docker.io/library/x:1', 'docker.io/library/x:2');
  assert.deepEqual(await fixture.store.remove('x:1', gently), [{ Untagged: 'x:1' }]);
  assert.deepEqual((await fixture.list())[0]?.RepoTags, ['x:2']);
  assert.equal((await fixture.store.resolve(id)).id, id);
});

test('the last name takes the image with it, its blobs and its layers', async (context) => {
  const { fixture, id } = await loaded(context, 'docker.io/library/x:latest');
  assert.deepEqual(await fixture.store.remove('x', gently), [{ Untagged: 'x:latest' }, { Deleted: id }]);
  assert.deepEqual(await fixture.list(), []);
  assert.deepEqual(await fixture.blobs(), []);
  assert.deepEqual(await fixture.layers(), []);
});

test('what another image shares stays', async (context) => {
  const { fixture } = await loaded(context, 'docker.io/library/x:1');
  const images = [{ names: ['docker.io/library/y:1'], layers: [[{ name: 'a' }], [{ name: 'b' }]] }];
  await fixture.load(makeTestImage({ format: 'oci-layout', images }).archive);
  await fixture.store.remove('x:1', gently);
  assert.equal((await fixture.layers()).length, 2);
  await fixture.store.remove('y:1', gently);
  assert.deepEqual(await fixture.layers(), []);
});

test('an id with one name, or a part of it, removes image and name', async (context) => {
  for (const ref of [(id: string) => id, (id: string) => id.slice(7), (id: string) => id.slice(7, 12)]) {
    const { fixture, id } = await loaded(context, 'docker.io/library/x:1');
    assert.deepEqual(await fixture.store.remove(ref(id), gently), [{ Untagged: 'x:1' }, { Deleted: id }]);
  }
});

test('an id with several names is refused unless forced', async (context) => {
  const { fixture, id, short } = await loaded(context, 'docker.io/library/x:1', 'docker.io/library/y:1');
  await assert.rejects(fixture.store.remove(short, gently), {
    kind: 'conflict',
    message: `conflict: unable to delete ${short} (must be forced) - image is referenced in multiple repositories`,
  });
  assert.deepEqual(await fixture.store.remove(short, forced), [
    { Untagged: 'x:1' },
    { Untagged: 'y:1' },
    { Deleted: id },
  ]);
});

test('the last name of an image that a container uses is refused unless forced', async (context) => {
  const { fixture, id, short } = await loaded(context, 'docker.io/library/x:1');
  use(fixture, id, false);
  await assert.rejects(fixture.store.remove('x:1', gently), {
    kind: 'conflict',
    message: `conflict: unable to remove repository reference "x:1" (must force) - container ${container.slice(0, 12)} is using its referenced image ${short}`,
  });
  assert.deepEqual(await fixture.store.remove('x:1', forced), [{ Untagged: 'x:1' }, { Deleted: id }]);
});

test('the id of an image that a stopped container uses is refused unless forced', async (context) => {
  const { fixture, id, short } = await loaded(context, 'docker.io/library/x:1');
  use(fixture, id, false);
  await assert.rejects(fixture.store.remove(id, gently), {
    message: `conflict: unable to delete ${short} (must be forced) - image is being used by stopped container ${container.slice(0, 12)}`,
  });
  await fixture.store.remove(id, forced);
});

test('the id of an image that a running container uses is refused, forced or not', async (context) => {
  const { fixture, id, short } = await loaded(context, 'docker.io/library/x:1');
  use(fixture, id, true);
  for (const options of [gently, forced]) {
    await assert.rejects(fixture.store.remove(short, options), {
      message: `conflict: unable to delete ${short} (cannot be forced) - image is being used by running container ${container.slice(0, 12)}`,
    });
  }
});

test('a name forced away from under a running container leaves the image without names', async (context) => {
  const { fixture, id } = await loaded(context, 'docker.io/library/x:1');
  use(fixture, id, true);
  assert.deepEqual(await fixture.store.remove('x:1', forced), [{ Untagged: 'x:1' }]);
  assert.deepEqual((await fixture.list())[0]?.RepoTags, []);
});

test('a layer that a container stands on stays until the container is gone', async (context) => {
  const { fixture, id } = await loaded(context, 'docker.io/library/x:1');
  const { layers } = await fixture.store.resolve(id);
  await fixture.snapshots.create('c', layers);
  await fixture.store.remove(id, gently);
  assert.deepEqual(await fixture.layers(), layers);
  await fixture.snapshots.remove('c');
  await fixture.store.collectGarbage();
  assert.deepEqual(await fixture.layers(), []);
});

test('name@digest removes every name of that repository', async (context) => {
  const { fixture, id } = await loaded(
    context,
    'docker.io/library/x:1',
    'docker.io/library/x:2',
    'docker.io/library/y:1',
  );
  assert.deepEqual(await fixture.store.remove(`x@${id}`, gently), [{ Untagged: 'x:1' }, { Untagged: 'x:2' }]);
});

test('what is not there is not found', async (context) => {
  const { fixture, id } = await loaded(context, 'docker.io/library/x:1');
  await assert.rejects(fixture.store.remove('nope', gently), { message: 'No such image: nope:latest' });
  const other = `sha256:${'0'.repeat(64)}`;
  await assert.rejects(fixture.store.remove(other, gently), { message: `No such image: ${other}` });
  await assert.rejects(fixture.store.remove(`y@${id}`, gently), { message: `No such image: y@${id}` });
});
