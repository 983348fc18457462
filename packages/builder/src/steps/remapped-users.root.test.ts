import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { type TemporaryRoot, temporaryRoot } from '@gantry/testkit';
import { FakeBuildClient, openRealBuilder, type RealBuilder } from '../../testing/index.ts';

let root: TemporaryRoot;
let builder: RealBuilder;
const range = { inside: 0, outside: 700_000, count: 65_536 };

before(async () => {
  root = await temporaryRoot();
  // The users come through the directories above, as they do through /run.
  const places = [root.path, path.join(root.path, 'exec')];
  mkdirSync(path.join(root.path, 'exec'));
  for (const place of places) chmodSync(place, 0o711);
  builder = await openRealBuilder(root.path, 'gbmap1', { userMaps: { uids: [range], gids: [range] } });
});

after(async () => {
  await builder[Symbol.asyncDispose]();
  await root[Symbol.asyncDispose]();
});

test('commands have the users of containers, and their layers and caches the owners that they see', async () => {
  const client = new FakeBuildClient();
  client.secrets.set('word', Buffer.from('hidden'));
  const text = `FROM busybox AS below
RUN echo below > /below && chown 3:4 /below
FROM busybox
WORKDIR /place
RUN --mount=type=cache,target=/cache,uid=7 --mount=type=secret,id=word,uid=5,mode=0400 \\
    --mount=type=bind,from=below,target=/bound,rw \\
    cat /proc/self/uid_map > /told && stat -c %u:%g /bound/below /cache /run/secrets/word . / >> /told \\
    && echo kept > /cache/kept && touch /bound/mine /owned && chown 1000:1001 /owned && echo made > made
RUN --mount=type=cache,target=/cache stat -c %u:%g /cache/kept /owned /place/made > /again
`;
  const { id } = await builder.build(text, { client });
  const [map = '', ...owners] = (await builder.read(id, '/told')).trim().split('\n');
  assert.deepEqual(map.trim().split(/\s+/), ['0', '700000', '65536']);
  assert.deepEqual(owners, ['3:4', '7:0', '5:0', '0:0', '0:0']);
  assert.equal(await builder.read(id, '/again'), '0:0\n1000:1001\n0:0\n');
  const { layers } = await builder.images.resolve(id);
  const places = await Promise.all(
    layers.map(async (diffId) => (await builder.snapshots.layer(diffId))?.path ?? ''),
  );
  const owned = places.map((place) => statSync(path.join(place, 'owned'), { throwIfNoEntry: false }));
  assert.deepEqual(
    owned.flatMap((stat) => (stat ? [[stat.uid, stat.gid]] : [])),
    [[1000, 1001]],
  );
});

test('what needs the users of the host is refused by name', async () => {
  const refused = (flag: string): RegExp => new RegExp(`RUN ${flag} on a daemon with userns-remap`);
  const entitlements = new Set(['security.insecure', 'network.host']);
  for (const flag of ['--security=insecure', '--network=host'])
    await assert.rejects(builder.build(`FROM busybox\nRUN ${flag} true\n`, { entitlements }), refused(flag));
});
