import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, test } from 'node:test';
import {
  createContainer,
  createVolume,
  inspectVolume,
  listVolumes,
  pruneVolumes,
  readContainerPath,
  removeContainer,
  removeVolume,
} from '@gantry/client';
import { isMountPoint } from '@gantry/kernel';
import { loadBusybox } from '../support/busybox-image.ts';
import { killAtEveryPoint, startFaultyDaemon } from '../support/fault-walk.ts';
import type { TestDaemon } from '../support/test-daemon.ts';
import { until } from '../support/until.ts';

let daemon: TestDaemon;
/** A directory of this host, which a volume shows. */
let precious: string;
let turn = 0;
before(async () => {
  precious = mkdtempSync('/tmp/gantry-precious-');
  mkdirSync(path.join(precious, 'deep'));
  writeFileSync(path.join(precious, 'deep', 'file'), 'mine');
  daemon = await startFaultyDaemon();
  await loadBusybox(daemon);
});
after(async () => {
  await daemon[Symbol.asyncDispose]();
  rmSync(precious, { recursive: true });
});

function nextName(): string {
  turn += 1;
  return `walked-${turn}`;
}

function assertPrecious(): void {
  assert.deepEqual(readdirSync(precious), ['deep']);
  assert.deepEqual(readdirSync(path.join(precious, 'deep')), ['file']);
  assert.equal(readFileSync(path.join(precious, 'deep', 'file'), 'utf8'), 'mine');
}

/** The archive with the file in the container's volume, which is mounted for it and unmounted again. */
async function copiedOut(id: string): Promise<string> {
  const { archive } = await readContainerPath(daemon.api, id, '/m/deep/file');
  return await text(archive);
}

async function makeBound(Name: string): Promise<string> {
  const DriverOpts = { type: 'none', device: precious, o: 'bind' };
  return (await createVolume(daemon.api, { Name, DriverOpts })).Mountpoint;
}

/** The points that were passed, while they are recorded: the last unmounting comes after the answer. */
function passedFile(): string {
  return `${daemon.faultFile}.passed`;
}

function isRecorded(): boolean {
  return existsSync(passedFile());
}

test('a volume whose making or removal is killed is there whole or not at all, and can be had again', () =>
  killAtEveryPoint(daemon, {
    covers: ['volume-create', 'volume-remove'],
    prepare: async () => nextName(),
    operate: async (name) => {
      await makeBound(name);
      await removeVolume(daemon.api, name);
    },
    verify: async (name, acknowledged) => {
      const found = await inspectVolume(daemon.api, name).catch(() => undefined);
      if (acknowledged) assert.equal(found, undefined);
      if (found !== undefined) assert.equal(found.Options['device'], precious);
      const place = await makeBound(name);
      assert.equal(isMountPoint(place), false);
      await removeVolume(daemon.api, name);
      assert.equal(existsSync(path.dirname(place)), false);
      assertPrecious();
    },
  }));

test('a prune that is killed takes nothing but what it may, and nothing is left of what it took', () =>
  killAtEveryPoint(daemon, {
    covers: ['volume-remove'],
    prepare: async () => {
      const name = nextName();
      await makeBound(name);
      const { Name: anonymous } = await createVolume(daemon.api, {});
      const { Mountpoint: kept } = await createVolume(daemon.api, { Name: `${name}-kept` });
      writeFileSync(path.join(kept, 'file'), 'kept');
      return { name, anonymous, kept };
    },
    operate: async () => {
      await pruneVolumes(daemon.api, new Map());
    },
    verify: async ({ name, anonymous, kept }, acknowledged) => {
      const names = ((await listVolumes(daemon.api)).Volumes ?? []).map((volume) => volume.Name);
      if (acknowledged) assert.ok(!names.includes(anonymous));
      assert.equal(readFileSync(path.join(kept, 'file'), 'utf8'), 'kept');
      assert.deepEqual(
        names.filter((each) => each !== anonymous),
        [name, `${name}-kept`],
      );
      for (const each of names) await removeVolume(daemon.api, each);
      assert.deepEqual(readdirSync(path.join(daemon.dataRoot, 'volumes')), []);
      assertPrecious();
    },
  }));

test('a volume whose mounting or unmounting is killed is mounted for nobody, and keeps what it shows', () =>
  killAtEveryPoint(daemon, {
    covers: ['volume-mount', 'volume-unmount'],
    prepare: async () => {
      const name = nextName();
      const place = await makeBound(name);
      const HostConfig = { Binds: [`${name}:/m`], NetworkMode: 'none' };
      const { Id: id } = await createContainer(daemon.api, {
        Image: 'mirror/busybox',
        Cmd: ['true'],
        HostConfig,
      });
      return { id, name, place };
    },
    operate: async ({ id }) => {
      assert.match(await copiedOut(id), /mine/);
    },
    isSettled: () => !isRecorded() || readFileSync(passedFile(), 'utf8').includes('volume-unmount/forgotten'),
    verify: async ({ id, name, place }) => {
      // Each look at a container's files mounts and unmounts: the last unmounting may still be on its way.
      await until('the volume is mounted for nobody', () => !isMountPoint(place));
      assert.match(await copiedOut(id), /mine/);
      await removeContainer(daemon.api, id, { volumes: true });
      await removeVolume(daemon.api, name);
      assertPrecious();
    },
  }));
