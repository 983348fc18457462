import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import {
  createContainer,
  createVolume,
  listContainers,
  listImages,
  listVolumes,
  pruneContainers,
  pruneImages,
  pruneVolumes,
} from '@gantry/client';
import { makeTestImage } from '@gantry/testkit';
import { loadBusybox } from '../support/busybox-image.ts';
import { killAtEveryPoint, startFaultyDaemon } from '../support/fault-walk.ts';
import type { TestDaemon } from '../support/test-daemon.ts';

const image = 'mirror/busybox';
const layersOf = (name: string) => [1, 2].map((part) => [{ name: `f${part}`, content: `${name}.${part}` }]);
let daemon: TestDaemon;
let turn = 0;

before(async () => {
  daemon = await startFaultyDaemon();
  await loadBusybox(daemon);
});
after(() => daemon[Symbol.asyncDispose]());

async function loadUnused(): Promise<string> {
  turn += 1;
  const name = `unused/image:${turn}`;
  const { archive } = makeTestImage({
    format: 'docker-archive',
    images: [{ names: [name], layers: layersOf(name) }],
  });
  const loaded = await daemon.docker(['load'], { stdin: archive });
  assert.equal(loaded.exitCode, 0, loaded.stderr);
  return name;
}

async function imageNames(): Promise<string[]> {
  return (await listImages(daemon.api)).flatMap(({ RepoTags: names }) => names);
}

function storedFiles(): number {
  const count = (name: string): number => readdirSync(path.join(daemon.dataRoot, name)).length;
  return count('content/blobs/sha256') + count('snapshots/layers');
}

test('an engine killed at any step of image prune has each image whole or gone with all its files', async () => {
  const user = await createContainer(daemon.api, { Image: image }, { name: 'user' });
  const filesBefore = storedFiles();
  await killAtEveryPoint(daemon, {
    covers: ['image-prune'],
    prepare: loadUnused,
    operate: async () => {
      await pruneImages(daemon.api, new Map([['dangling', ['false']]]));
    },
    verify: async (name, acknowledged) => {
      const names = await imageNames();
      if (acknowledged) assert.ok(!names.includes(name));
      if (names.includes(name)) await createThrough(name);
      await pruneImages(daemon.api, new Map([['dangling', ['false']]]));
      assert.deepEqual(await imageNames(), [`${image}:latest`]);
      assert.equal(storedFiles(), filesBefore);
    },
  });
  await daemon.ok('rm', user.Id);
});

/** All of the image is still there: a container can be made of it. */
async function createThrough(name: string): Promise<void> {
  const { Id: id } = await createContainer(daemon.api, { Image: name, Cmd: ['/nothing'] }, {});
  await daemon.ok('rm', id);
}

test('an engine killed at any step of container prune has each container whole or gone', () =>
  killAtEveryPoint(daemon, {
    covers: ['remove', 'snapshot-remove'],
    prepare: async () => (await createContainer(daemon.api, { Image: image, Cmd: ['true'] }, {})).Id,
    operate: async () => {
      await pruneContainers(daemon.api, new Map());
    },
    verify: async (id, acknowledged) => {
      const left = (await listContainers(daemon.api, { all: true })).map(({ Id }) => Id);
      assert.deepEqual(left, acknowledged || left.length === 0 ? [] : [id]);
      if (left.length > 0) await daemon.ok('start', '-a', id);
      await pruneContainers(daemon.api, new Map());
      assert.deepEqual(await listContainers(daemon.api, { all: true }), []);
    },
  }));

test('an engine killed at any step of volume prune has each volume whole or gone', () =>
  killAtEveryPoint(daemon, {
    covers: ['volume-remove'],
    prepare: () => createVolume(daemon.api, { Name: 'one' }),
    operate: async () => {
      await pruneVolumes(daemon.api, new Map([['all', ['true']]]));
    },
    verify: async (_volume, acknowledged) => {
      const { Volumes: left } = await listVolumes(daemon.api);
      if (acknowledged) assert.deepEqual(left, []);
      await pruneVolumes(daemon.api, new Map([['all', ['true']]]));
      assert.deepEqual(
        readdirSync(path.join(daemon.dataRoot, 'volumes')).filter((n) => !n.startsWith('.')),
        [],
      );
    },
  }));
