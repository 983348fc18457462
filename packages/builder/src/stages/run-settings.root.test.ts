import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type TemporaryRoot, temporaryRoot } from '@gantry/testkit';
import { openRealBuilder, type RealBuilder } from '../../testing/index.ts';

let root: TemporaryRoot;
let builder: RealBuilder;

before(async () => {
  root = await temporaryRoot();
  builder = await openRealBuilder(root.path, 'gbset1');
});

after(async () => {
  await builder[Symbol.asyncDispose]();
  await root[Symbol.asyncDispose]();
});

test('a request names the host, the open files and the group of its commands', async () => {
  const text = 'FROM busybox\nRUN (hostname; ulimit -n; ulimit -Hn; cat /proc/self/cgroup) > /told\n';
  const { id } = await builder.build(text, {
    hostname: 'elsewhere',
    ulimits: [{ type: 'RLIMIT_NOFILE', soft: 99, hard: 123 }],
  });
  assert.match(await builder.read(id, '/told'), /^elsewhere\n99\n123\n/);
  const named = new Map([['BUILDKIT_SANDBOX_HOSTNAME', 'byargument']]);
  const again = await builder.build(text, { buildArguments: named });
  assert.match(await builder.read(again.id, '/told'), /^byargument\n/);
  const plain = await builder.build(text);
  assert.match(await builder.read(plain.id, '/told'), /^buildkitsandbox\n/);
});

test('caches of one name in two namespaces are two', async () => {
  const add = 'RUN --mount=type=cache,target=/c echo x >> /c/lines && cp /c/lines /told\n';
  const lines = async (namespace: string): Promise<string> => {
    const buildArguments = new Map([['BUILDKIT_CACHE_MOUNT_NS', namespace]]);
    const { id } = await builder.build(`FROM busybox\n${add}`, { buildArguments, noCache: true });
    return await builder.read(id, '/told');
  };
  assert.equal(await lines('one'), 'x\n');
  assert.equal(await lines('two'), 'x\n');
  assert.equal(await lines('one'), 'x\nx\n');
  assert.equal(await lines(''), 'x\n');
});

test('an image for one platform has an index when it is asked for', async () => {
  const mediaType = async (request: object): Promise<unknown> => {
    const { metadata } = await builder.build('FROM busybox\n', request);
    const descriptor = metadata['containerimage.descriptor'] ?? '';
    return (JSON.parse(Buffer.from(descriptor, 'base64').toString()) as { mediaType?: unknown }).mediaType;
  };
  const index = 'application/vnd.oci.image.index.v1+json';
  assert.equal(await mediaType({}), 'application/vnd.oci.image.manifest.v1+json');
  assert.equal(await mediaType({ multiPlatform: true }), index);
  assert.equal(await mediaType({ buildArguments: new Map([['BUILDKIT_MULTI_PLATFORM', '1']]) }), index);
});

/** Two builds at once, each by its own command. */
async function together(flags: string, commands: readonly string[]): Promise<void> {
  const meeting = '--mount=type=cache,id=meeting,target=/m';
  await Promise.all(
    commands.map((command) =>
      builder.build(`FROM busybox\nRUN ${meeting} --mount=type=cache,target=/c,${flags} ${command}\n`),
    ),
  );
}

/** Says that it is here by a file in one cache, and waits for the other. */
const meet = (place: string, own: string, other: string): string =>
  `touch ${place}/${own} && until [ -e ${place}/${other} ]; do sleep 0.1; done`;

test('a shared cache is one for two steps at once', async () => {
  await together('id=both,sharing=shared', [meet('/c', 'one', 'two'), meet('/c', 'two', 'one')]);
});

test('a private cache is another one for each of two steps at once', async () => {
  const alone = (own: string, other: string): string =>
    `touch /c/${own} && ${meet('/m', own, other)} && [ ! -e /c/${other} ]`;
  await together('id=each,sharing=private', [alone('first', 'second'), alone('second', 'first')]);
});

test('a locked cache is used by one step after the other', async () => {
  const alone = (own: string): string =>
    `mkdir /c/busy && sleep 0.3 && rmdir /c/busy && echo ${own} >> /c/log`;
  await together('id=one,sharing=locked', [alone('a'), alone('b')]);
  const { id } = await builder.build(
    'FROM busybox\nRUN --mount=type=cache,target=/c,id=one sort /c/log > /told\n',
  );
  assert.equal(await builder.read(id, '/told'), 'a\nb\n');
});
