import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeTestImage, type TestImageSource } from '@gantry/testkit';
import { ImageStoreFixture } from '../../testing/index.ts';

const old: TestImageSource = {
  names: ['docker.io/library/old:1', 'docker.io/library/old:2'],
  layers: [[{ name: 'a', content: 'a' }]],
  config: { created: '2020-01-01T00:00:00Z', config: { Labels: { kind: 'old', a: 'b' } } },
};
const recent: TestImageSource = {
  names: ['localhost:5000/team/recent:latest'],
  layers: [[{ name: 'a', content: 'a' }], [{ name: 'b', content: 'b' }]],
  config: {
    created: '2024-01-01T00:00:00Z',
    author: 'me',
    config: { Labels: { kind: 'recent' }, Cmd: ['x'] },
  },
};
const untagged: TestImageSource = {
  layers: [[{ name: 'c' }]],
  config: { created: '2022-01-01T00:00:00Z' },
};

async function loaded(): Promise<ImageStoreFixture> {
  const fixture = new ImageStoreFixture();
  const { archive } = makeTestImage({ format: 'oci-layout', images: [old, recent, untagged] });
  await fixture.load(archive);
  return fixture;
}

test('images are listed newest first, each once, with all its names', async () => {
  using fixture = await loaded();
  const images = await fixture.list();
  assert.deepEqual(
    images.map(({ RepoTags, Created, Labels }) => ({ RepoTags, Created, Labels })),
    [
      { RepoTags: ['localhost:5000/team/recent:latest'], Created: 1704067200, Labels: { kind: 'recent' } },
      { RepoTags: [], Created: 1640995200, Labels: {} },
      { RepoTags: ['old:1', 'old:2'], Created: 1577836800, Labels: { kind: 'old', a: 'b' } },
    ],
  );
  assert.deepEqual(images[2]?.RepoDigests, [`old@${images[2]?.Id}`]);
  assert.deepEqual(images[2]?.Descriptor?.digest, images[2]?.Id);
});

for (const [filters, expected] of [
  [{ dangling: ['true'] }, [[]]],
  [{ dangling: ['0'] }, [['localhost:5000/team/recent:latest'], ['old:1', 'old:2']]],
  [{ label: ['kind'] }, [['localhost:5000/team/recent:latest'], ['old:1', 'old:2']]],
  [{ label: ['kind=old', 'a'] }, [['old:1', 'old:2']]],
  [{ label: ['kind=new'] }, []],
  [{ 'label!': ['kind'] }, [[]]],
  [{ reference: ['old'] }, [['old:1', 'old:2']]],
  [{ reference: ['*:2'] }, [['old:2']]],
  [{ reference: ['localhost:5000/*/rec?nt'] }, [['localhost:5000/team/recent:latest']]],
  [{ reference: ['localhost:5000/*'] }, []],
  [{ before: ['localhost:5000/team/recent'] }, [[], ['old:1', 'old:2']]],
  [{ since: ['old:1'] }, [['localhost:5000/team/recent:latest'], []]],
  [{ until: ['2021-01-01'] }, [['old:1', 'old:2']]],
  [{ until: ['1h'], reference: ['old:1'] }, [['old:1']]],
] as const) {
  test(`the filter ${JSON.stringify(filters)} shows what matches`, async () => {
    using fixture = await loaded();
    const images = await fixture.list(
      Object.fromEntries(Object.entries(filters).map(([name, values]) => [name, [...values]])),
    );
    assert.deepEqual(
      images.map(({ RepoTags }) => RepoTags),
      expected,
    );
  });
}

for (const [filters, message] of [
  [{ nope: ['x'] }, "invalid filter 'nope'"],
  [{ dangling: ['maybe'] }, "invalid filter 'dangling=[maybe]'"],
  [{ until: ['yesterday'] }, "invalid filter 'until=[yesterday]'"],
  [{ reference: ['[a'] }, "invalid filter 'reference=[[a]'"],
  [{ before: ['gone'] }, 'No such image: gone:latest'],
] as const) {
  test(`the filter ${JSON.stringify(filters)} is refused: ${message}`, async () => {
    using fixture = await loaded();
    const asked = Object.fromEntries(Object.entries(filters).map(([name, values]) => [name, [...values]]));
    await assert.rejects(fixture.list(asked), { message });
  });
}

test('an image is found by name, tag, digest, id and prefix', async () => {
  using fixture = await loaded();
  const { id } = await fixture.store.resolve('old:1');
  const hex = id.slice('sha256:'.length);
  for (const ref of [
    'docker.io/library/old:1',
    `old@${id}`,
    `old:9@${id}`,
    id,
    hex,
    hex.slice(0, 12),
    `sha256:${hex.slice(0, 12)}`,
  ]) {
    assert.equal((await fixture.store.resolve(ref)).id, id, ref);
  }
  assert.equal((await fixture.store.resolve('localhost:5000/team/recent')).config.author, 'me');
});

test('a name wins over an id that begins like it, and an ambiguous prefix is told', async () => {
  using fixture = new ImageStoreFixture();
  const sources: TestImageSource[] = Array.from({ length: 17 }, (_, at) => ({
    layers: [[{ name: `file-${at}` }]],
  }));
  await fixture.load(makeTestImage({ format: 'oci-layout', images: sources }).archive);
  const ids = (await fixture.list()).map(({ Id }) => Id.slice('sha256:'.length));
  const shared =
    ids.map((id) => id[0] ?? '').find((first) => ids.filter((id) => id.startsWith(first)).length > 1) ?? '';
  await assert.rejects(fixture.store.resolve(shared), { kind: 'not-found', message: 'ambiguous reference' });
  await fixture.store.tag(ids[0] ?? '', shared, 'latest');
  assert.equal((await fixture.store.resolve(shared)).id, `sha256:${ids[0]}`);
});

test('inspect tells everything of an image', async () => {
  using fixture = await loaded();
  const inspect = await fixture.store.inspect('localhost:5000/team/recent');
  const { layers } = await fixture.store.resolve('localhost:5000/team/recent');
  const { Id, Descriptor, Metadata, GraphDriver, ...rest } = inspect;
  assert.equal(Descriptor?.digest, Id);
  assert.match(Metadata?.LastTagTime ?? '', /^20\d\d-/);
  assert.deepEqual(GraphDriver?.Data, { LowerDir: `/layers/${layers[0]}`, UpperDir: `/layers/${layers[1]}` });
  assert.deepEqual(rest, {
    RepoTags: ['localhost:5000/team/recent:latest'],
    RepoDigests: [`localhost:5000/team/recent@${Id}`],
    Parent: '',
    Comment: '',
    Created: '2024-01-01T00:00:00Z',
    DockerVersion: '',
    Author: 'me',
    Config: { Labels: { kind: 'recent' }, Cmd: ['x'] },
    Architecture: 'amd64',
    Os: 'linux',
    RootFS: { Type: 'layers', Layers: [...layers] },
    Size: 2 * 2048,
  });
});

test('the list has shared sizes and manifests only when they are asked for', async () => {
  using fixture = await loaded();
  const [plain] = await fixture.list();
  assert.deepEqual([plain?.SharedSize, plain?.Manifests], [-1, undefined]);
  const images = await fixture.store.list({
    all: false,
    filters: new Map(),
    sharedSize: true,
    manifests: true,
  });
  const [newest, unshared, oldest] = images;
  assert.ok((newest?.SharedSize ?? 0) > 0 && newest?.SharedSize === oldest?.SharedSize);
  assert.equal(unshared?.SharedSize, 0);
  assert.deepEqual(
    newest?.Manifests?.map(({ Kind, Available }) => [Kind, Available]),
    [['image', true]],
  );
});

test('inspect lists the manifests of a multi-platform image when asked, with what is here of each', async () => {
  using fixture = new ImageStoreFixture();
  const platforms = [
    { os: 'linux', architecture: 'amd64' },
    { os: 'linux', architecture: 's390x' },
  ];
  const options = { format: 'oci-layout', images: [{ ...old, platforms }] } as const;
  const lost = makeTestImage(options).images[0]?.manifests[1]?.configDigest.slice('sha256:'.length);
  await fixture.load(
    makeTestImage({
      ...options,
      edit: (members) => members.filter(({ name }) => !String(name).endsWith(`${lost}`)),
    }).archive,
  );
  const { Manifests } = await fixture.store.inspect('old:1', { manifests: true });
  assert.deepEqual(
    Manifests?.map(({ Kind, Available, ImageData }) => [Kind, Available, ImageData?.Platform.architecture]),
    [
      ['image', true, 'amd64'],
      ['image', false, 's390x'],
    ],
  );
  assert.equal((await fixture.store.inspect('old:1')).Manifests, undefined);
});

test('history tells the steps newest first, the empty ones without size', async () => {
  using fixture = new ImageStoreFixture();
  const history = [
    { created: '2024-01-01T00:00:00Z', created_by: 'ADD' },
    { created: '2024-01-02T00:00:00Z', created_by: 'CMD', comment: 'c', empty_layer: true },
  ];
  const source: TestImageSource = {
    names: ['docker.io/library/h:1'],
    layers: [[{ name: 'a', content: 'x' }]],
    config: { history },
  };
  await fixture.load(makeTestImage({ format: 'oci-layout', images: [source] }).archive);
  const { id } = await fixture.store.resolve('h:1');
  assert.deepEqual(await fixture.store.history('h:1'), [
    { Id: id, Created: 1704153600, CreatedBy: 'CMD', Tags: ['h:1'], Size: 0, Comment: 'c' },
    { Id: '<missing>', Created: 1704067200, CreatedBy: 'ADD', Tags: [], Size: 2048, Comment: '' },
  ]);
});

test('a tag is made, moved, and checked', async () => {
  using fixture = await loaded();
  await fixture.store.tag('old:1', 'new/name', 'v1');
  await fixture.store.tag('old:1', 'localhost:5000/team/recent', '');
  const { id } = await fixture.store.resolve('old:1');
  assert.equal((await fixture.store.resolve('new/name:v1')).id, id);
  assert.equal((await fixture.store.resolve('localhost:5000/team/recent')).id, id);
  await assert.rejects(fixture.store.tag('gone', 'x', '1'), { message: 'No such image: gone:latest' });
  await assert.rejects(fixture.store.tag('old:1', 'UPPER', '1'), { code: 'invalid-reference' });
  await assert.rejects(fixture.store.tag('old:1', 'sha256', '1'), {
    message: 'refusing to create an ambiguous tag using digest algorithm as name',
  });
  await assert.rejects(fixture.store.tag('old:1', 'x', 'a b'), { code: 'invalid-reference' });
});
