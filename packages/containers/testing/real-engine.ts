import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { type Logger, silentLogger, systemClock } from '@gantry/base';
import { changeLink, detectCgroups, NetlinkSocket, readCgroupSupport } from '@gantry/kernel';
import { openNetworkController } from '@gantry/network';
import type { Digest } from '@gantry/oci';
import { buildSpec, openRuntime, readSpecHost } from '@gantry/runtime';
import { openSnapshotter } from '@gantry/snapshots';
import { openMetadataStore } from '@gantry/state';
import { openVolumeStore } from '@gantry/volumes';
import { type Containers, openContainers, plainLogConfig } from '../src/index.ts';
import { plainDefaults } from './plain-defaults.ts';

export interface RealEngineOptions {
  /** Everything is kept below it. */
  root: string;
  /** An uncompressed layer: the only image, `busybox`. */
  layerPath: string;
  /** Name of the bridge, and so of the nft table. */
  bridge: string;
  logger?: Logger;
}

/** Takes the loopback of this process's network namespace up: it is down in a fresh one. */
export function raiseLoopback(): void {
  using socket = NetlinkSocket.open();
  socket.request(changeLink('lo', { up: true }));
}

/** The containers on everything real, but for images: one layer is all of them. */
export interface RealEngine extends AsyncDisposable {
  readonly containers: Containers;
}

export async function openRealEngine({
  root,
  layerPath,
  bridge,
  logger = silentLogger,
}: RealEngineOptions): Promise<RealEngine> {
  const clock = systemClock;
  await using opened = new AsyncDisposableStack();
  const execRoot = path.join(root, 'exec');
  const store = opened.use(openMetadataStore({ path: path.join(root, 'state.db'), logger }));
  const snapshots = opened.use(await openSnapshotter({ root: path.join(root, 'snapshots'), logger }));
  const diffId: Digest = `sha256:${createHash('sha256').update(readFileSync(layerPath)).digest('hex')}`;
  await snapshots.unpackLayer({ diffId, blobPath: layerPath, compression: 'none' });
  const network = opened.use(
    await openNetworkController({ store, execRoot, logger, clock, bridge, bip: '10.77.0.1/24' }),
  );
  const volumes = await openVolumeStore({
    pluginDirectory: path.join(execRoot, 'plugins'),
    root: path.join(root, 'volumes'),
    store,
    clock,
    logger,
  });
  const runtime = opened.use(openRuntime({ execRoot, logger, clock }));
  const host = readSpecHost({ cgroupVersion: detectCgroups().version });
  const platform = { os: 'linux', architecture: process.arch === 'x64' ? 'amd64' : process.arch };
  const image = {
    id: diffId,
    manifestDigest: diffId,
    layers: [diffId],
    platform,
    config: {
      ...platform,
      rootfs: { type: 'layers' as const, diff_ids: [diffId] },
      config: { Env: ['PATH=/bin'] },
    },
  };
  const containers = opened.use(
    await openContainers({
      dataRoot: root,
      store,
      clock,
      logger,
      defaults: {
        storageDriver: 'overlay2',
        cgroupParent: `/${path.basename(root)}`,
        cgroupDriver: 'cgroupfs',
        cgroupSupport: readCgroupSupport(detectCgroups()),
        ...plainDefaults,
        logConfig: plainLogConfig,
        hostFiles: {
          resolvConf: '/etc/resolv.conf',
          resolvedConf: '/run/systemd/resolve/resolv.conf',
          hosts: '/etc/hosts',
        },
      },
      ports: {
        images: { resolve: () => Promise.resolve(image), commit: () => Promise.resolve(diffId) },
        snapshots,
        network,
        volumes,
        runtime,
        buildSpec: (options) => buildSpec(options, host),
        findContainerEdits: () => Promise.resolve(undefined),
      },
    }),
  );
  const all = opened.move();
  return { containers, [Symbol.asyncDispose]: () => all.disposeAsync() };
}
