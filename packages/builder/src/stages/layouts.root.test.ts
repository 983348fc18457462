import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type TemporaryRoot, temporaryRoot } from '@gantry/testkit';
import { FakeBuildClient, openRealBuilder, type RealBuilder } from '../../testing/index.ts';
import { plainForm } from '../output/build-output.ts';

let root: TemporaryRoot;
let builder: RealBuilder;
let digest: string;
const client = new FakeBuildClient();

/** The image that the layout has: made here, sent to the client, and forgotten. */
before(async () => {
  root = await temporaryRoot();
  builder = await openRealBuilder(root.path, 'gblay1');
  const { metadata } = await builder.build('FROM busybox\nRUN echo laid > /out\nENV FROM_LAYOUT=yes\n', {
    client,
    outputs: [{ type: 'oci', id: '0', names: [], tar: false, form: plainForm }],
  });
  digest = metadata['containerimage.digest'] ?? '';
  client.stores.set('oci:one', client.stores.get('export') ?? new Map());
  await builder.builds.pruneCache({ keepBytes: 0 });
  await builder.images.collectGarbage();
});

after(async () => {
  await builder[Symbol.asyncDispose]();
  await root[Symbol.asyncDispose]();
});

const layout = (text = `one:latest@${digest}`) => new Map([['base', `oci-layout://${text}`]]);

test('a stage stands on an image of the client, and instructions take files from it', async () => {
  const text =
    'FROM base\nRUN echo "$FROM_LAYOUT" > /told && cat /out >> /told\nCOPY --from=base /out /copied\n';
  const { id } = await builder.build(text, { client, namedContexts: layout() });
  assert.equal(await builder.read(id, '/told'), 'yes\nlaid\n');
  assert.equal(await builder.read(id, '/copied'), 'laid\n');
  const { config } = await builder.images.resolve(id);
  assert.ok(config.config?.Env?.includes('FROM_LAYOUT=yes'));
  assert.equal(config.history?.at(1)?.created_by?.includes('echo laid'), true);
  await builder.images.remove(id, { force: true, prune: true });
});

test('an image that is damaged, or not there, fails the build and leaves nothing', async () => {
  const store = client.stores.get('oci:one') ?? new Map<string, Uint8Array>();
  const damaged = new Map(
    [...store].map(([name, bytes]) => [name, name === digest ? bytes : Buffer.from('x')]),
  );
  client.stores.set('oci:damaged', damaged);
  const build = (text: string) =>
    builder.build('FROM base\nRUN true\n', { client, namedContexts: layout(text), noCache: true });
  await assert.rejects(build(`damaged@${digest}`), { name: 'BlobMismatchError' });
  await assert.rejects(build(`one@sha256:${'0'.repeat(64)}`), /no such blob/);
  await assert.rejects(build('one:latest'), /oci-layout reference "one:latest" has no digest/);
  await assert.rejects(
    builder.build('FROM base\n', { namedContexts: layout() }),
    /an OCI layout of a client that lends no store is not supported/,
  );
});
