import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { makeTestImage, type TestImageSource } from '@gantry/testkit';
import { ImageStoreFixture } from '../../testing/index.ts';

const one: TestImageSource = {
  names: ['docker.io/library/one:1', 'docker.io/library/one:2'],
  layers: [[{ name: 'a', content: 'a' }]],
};
const two: TestImageSource = {
  names: ['docker.io/library/two:latest'],
  layers: [[{ name: 'b', content: 'b' }]],
  platforms: [
    { os: 'linux', architecture: 'amd64' },
    { os: 'linux', architecture: 's390x' },
  ],
};

async function loaded(): Promise<ImageStoreFixture> {
  const fixture = new ImageStoreFixture();
  await fixture.load(
    makeTestImage({ format: 'oci-layout', images: [one, two], layerCompression: 'gzip' }).archive,
  );
  return fixture;
}

async function save(
  fixture: ImageStoreFixture,
  refs: readonly string[],
  options: Parameters<ImageStoreFixture['store']['save']>[1] = {},
): Promise<Buffer> {
  return Buffer.concat(await Array.fromAsync(await fixture.store.save(refs, options)));
}

function file(archive: Buffer, name: string): unknown {
  return JSON.parse(spawnSync('tar', ['-xOf', '-', name], { input: archive }).stdout.toString());
}

test('what was saved loads again with the same ids and names', async () => {
  using fixture = await loaded();
  const archive = await save(fixture, ['one:1', 'two']);
  using other = new ImageStoreFixture();
  assert.deepEqual(await other.load(archive), [
    { stream: 'Loaded image: one:1\n' },
    { stream: 'Loaded image: two:latest\n' },
  ]);
  for (const ref of ['one:1', 'two']) {
    assert.equal((await other.store.resolve(ref)).id, (await fixture.store.resolve(ref)).id);
  }
});

test('the archive is a docker archive too', async () => {
  using fixture = await loaded();
  const archive = await save(fixture, ['one:1']);
  const { config, layers } = await fixture.store.resolve('one:1');
  const [entry] = file(archive, 'manifest.json') as {
    Config: string;
    RepoTags: string[];
    Layers: string[];
  }[];
  assert.deepEqual(entry?.RepoTags, ['one:1']);
  assert.deepEqual((file(archive, entry.Config) as typeof config).rootfs.diff_ids, layers);
  using other = new ImageStoreFixture();
  await other.load(
    Buffer.from(
      spawnSync(
        'sh',
        ['-c', 'cat > "$0/a" && tar --delete -f "$0/a" oci-layout && cat "$0/a"; rm -r "$0"', mkdtemp()],
        {
          input: archive,
          maxBuffer: 2 ** 26,
        },
      ).stdout,
    ),
  );
  assert.deepEqual((await other.store.resolve('one:1')).layers, layers);
});

function mkdtemp(): string {
  return spawnSync('mktemp', ['-d']).stdout.toString().trim();
}

test('the same images give the same bytes', async () => {
  using fixture = await loaded();
  using other = await loaded();
  assert.ok((await save(fixture, ['one:1', 'two'])).equals(await save(other, ['one:1', 'two'])));
});

test('a name without a tag stands for all tags of its repository, an id for no name', async () => {
  using fixture = await loaded();
  const names = async (ref: string): Promise<unknown> => {
    const [entry] = file(await save(fixture, [ref]), 'manifest.json') as { RepoTags: unknown }[];
    return entry?.RepoTags;
  };
  assert.deepEqual(await names('one'), ['one:1', 'one:2']);
  const { id } = await fixture.store.resolve('one:1');
  assert.equal(await names(id), null);
  assert.equal(await names(id.slice(7, 19)), null);
  assert.equal(await names(`one@${id}`), null);
});

test('one platform of an image can be saved alone', async () => {
  using fixture = await loaded();
  const archive = await save(fixture, ['two'], { platforms: [{ os: 'linux', architecture: 's390x' }] });
  using other = new ImageStoreFixture();
  await other.load(archive);
  const { config, id } = await other.store.resolve('two');
  assert.equal(config.architecture, 's390x');
  assert.notEqual(id, (await fixture.store.resolve('two')).id);
  await assert.rejects(save(fixture, ['two'], { platforms: [{ os: 'linux', architecture: 'arm64' }] }), {
    code: 'image-platform-not-found',
  });
});

test('an unknown image is told before the first byte', async () => {
  using fixture = await loaded();
  await assert.rejects(fixture.store.save(['one:1', 'gone']), { message: 'No such image: gone:latest' });
});

test('an image that is removed while it is saved is saved whole', async () => {
  using fixture = await loaded();
  const chunks: Uint8Array[] = [];
  for await (const chunk of await fixture.store.save(['one:1'])) {
    if (chunks.length === 0) {
      const { id } = await fixture.store.resolve('one:1');
      await fixture.store.remove(id, { force: true, prune: true });
    }
    chunks.push(chunk);
  }
  using other = new ImageStoreFixture();
  await other.load(Buffer.concat(chunks));
});
