import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { Readable } from 'node:stream';
import { after, before, test } from 'node:test';
import { buildImage, inspectImage, pruneBuildCache, removeImage } from '@gantry/client';
import { FakeRegistry, putImage } from '@gantry/distribution/testing';
import { hostPlatform } from '@gantry/oci';
import { tarArchive } from '@gantry/testkit';
import { loadBusybox } from '../support/busybox-image.ts';
import { killAtEveryPoint, startFaultyDaemon } from '../support/fault-walk.ts';
import type { TestDaemon } from '../support/test-daemon.ts';

const name = 'killed/build:one';
let daemon: TestDaemon;
let registry: FakeRegistry;

before(async () => {
  daemon = await startFaultyDaemon();
  await loadBusybox(daemon);
  registry = await FakeRegistry.start();
  putImage(registry, {
    repository: 'team/files',
    layers: [{ tar: tarArchive([{ name: 'pulled', content: 'from afar\n' }]) }],
    platform: hostPlatform(),
    tag: '1',
  });
});
after(async () => {
  await registry[Symbol.asyncDispose]();
  await daemon[Symbol.asyncDispose]();
});

/** Whose every bit is known: no step takes the time of day into a file. */
function context(): Buffer {
  const dockerfile = `FROM mirror/busybox AS made
RUN echo made > /made && touch -d @0 /made /
FROM mirror/busybox
COPY --from=made /made /made
COPY --from=${registry.host}/team/files:1 /pulled /pulled
COPY file /copied
RUN --mount=target=/context cat /made /pulled /copied /context/file > /all && touch -d @0 /all /
`;
  return tarArchive([
    { name: 'Dockerfile', content: dockerfile },
    { name: 'file', content: 'copied\n' },
  ]);
}

async function build(): Promise<string> {
  const messages = await buildImage(daemon.api, {
    context: Readable.from([context()]),
    parameters: { t: [name], buildargs: '{"SOURCE_DATE_EPOCH":"1"}', networkmode: 'none' },
    registryConfig: '',
  });
  let id = '';
  for await (const { aux } of messages) id = (aux as { ID?: string } | undefined)?.ID ?? id;
  return id;
}

async function forget(): Promise<void> {
  for (const image of [name, `${registry.host}/team/files:1`]) {
    await removeImage(daemon.api, image).catch(() => {});
  }
  await pruneBuildCache(daemon.api, { all: true });
}

function storedFiles(): number {
  const count = (directory: string): number => readdirSync(path.join(daemon.dataRoot, directory)).length;
  return count('content/blobs/sha256') + count('snapshots/layers') + count('snapshots/writable');
}

test('an engine killed at any step of a build leaves no trace but the cache, and builds the same image then', async () => {
  const filesBefore = storedFiles();
  const id = await build();
  assert.equal(
    await daemon.ok('run', '--rm', '--network', 'none', name, 'cat', '/all'),
    'made\nfrom afar\ncopied\ncopied',
  );
  await forget();
  await killAtEveryPoint(daemon, {
    covers: ['build', 'build-output'],
    among: ['build'],
    // Whoever verified has left nothing.
    prepare: () => Promise.resolve(),
    operate: async () => {
      await build();
    },
    verify: async (_, acknowledged) => {
      const found = await inspectImage(daemon.api, name).catch(() => undefined);
      if (acknowledged || found !== undefined) assert.equal(found?.Id, id);
      assert.equal(await build(), id);
      await forget();
      assert.equal(storedFiles(), filesBefore);
    },
  });
});
