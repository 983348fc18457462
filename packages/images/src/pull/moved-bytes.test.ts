import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import { FakeRegistry, openTestClient, putImage } from '@gantry/distribution/testing';
import { hostPlatform } from '@gantry/oci';
import { tarArchive } from '@gantry/testkit';
import { ImageStoreFixture } from '../../testing/index.ts';

const large = tarArchive([{ name: 'base', content: randomBytes(2_000_000) }]);
/** All but the large layer: manifests, configs, small layers and the heads of every request. */
const littleBytes = 20_000;

/** Counts what goes over a registry's connections. */
class Meter {
  readonly #sockets = new Set<Socket>();
  #taken = { toRegistry: 0, fromRegistry: 0 };

  constructor(registry: FakeRegistry) {
    registry.interfere = ({ socket }) => {
      this.#sockets.add(socket);
      return false;
    };
  }

  /** Bytes since the last call. */
  take(): { toRegistry: number; fromRegistry: number } {
    const sum = (count: (socket: Socket) => number): number =>
      [...this.#sockets].reduce((bytes, socket) => bytes + count(socket), 0);
    const now = {
      toRegistry: sum((socket) => socket.bytesRead),
      fromRegistry: sum((socket) => socket.bytesWritten),
    };
    const before = this.#taken;
    this.#taken = now;
    return {
      toRegistry: now.toRegistry - before.toRegistry,
      fromRegistry: now.fromRegistry - before.fromRegistry,
    };
  }
}

test('of an image with one changed layer that layer alone is pulled, and pushed', async () => {
  await using source = await FakeRegistry.start();
  await using target = await FakeRegistry.start();
  using client = openTestClient();
  using fixture = new ImageStoreFixture({ registries: client });
  const [pulled, pushed] = [new Meter(source), new Meter(target)];
  const quiet = { onProgress: () => {} };
  for (const version of ['1', '2', '2']) {
    const tars = [large, tarArchive([{ name: 'app', content: version }])];
    putImage(source, {
      repository: 'team/app',
      layers: tars.map((tar) => ({ tar })),
      platform: hostPlatform(),
      tag: version,
    });
    const copy = `${target.host}/team/app`;
    await fixture.store.pull(`${source.host}/team/app:${version}`, quiet);
    await fixture.store.tag(`${source.host}/team/app:${version}`, copy, version);
    await fixture.store.push(`${copy}:${version}`, quiet);
    const moved = [pulled.take().fromRegistry, pushed.take().toRegistry];
    const isFirst = version === '1';
    for (const bytes of moved) assert.equal(bytes > large.length, isFirst, String(moved));
    for (const bytes of moved) assert.equal(bytes < littleBytes, !isFirst, String(moved));
  }
});
