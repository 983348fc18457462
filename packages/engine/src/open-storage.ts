import { release } from 'node:os';
import path from 'node:path';
import { gantryVersion } from '@gantry/base';
import type { BuildService } from '@gantry/builder';
import type { Containers } from '@gantry/containers';
import { type BlobStore, FileBlobStore } from '@gantry/content';
import { RegistryClient } from '@gantry/distribution';
import { LocalImageStore } from '@gantry/images';
import { hostPlatform } from '@gantry/oci';
import { PolicyVerifier } from '@gantry/signatures';
import { openSnapshotter, type Snapshotter } from '@gantry/snapshots';
import { openVolumeStore, type VolumeStore } from '@gantry/volumes';
import type { Opening } from './open-engine.ts';
import { proxyEnvironment } from './proxy-info.ts';

/** What an engine keeps on disk. */
export interface Storage {
  images: LocalImageStore;
  content: BlobStore;
  registries: RegistryClient;
  snapshots: Snapshotter;
  volumes: VolumeStore;
  /** The containers, once they are open: images ask them who uses an image. */
  users: { containers?: Containers; builds?: Pick<BuildService, 'retainedLayers'> };
}

export async function openStorage({
  options,
  store,
  settings,
  opened,
  logger,
  clock,
}: Opening): Promise<Storage> {
  const below = (name: string): string => path.join(options.dataRoot, name);
  const neighbours = options.sharedContent ?? [];
  const content = await FileBlobStore.open({ directory: below('content'), logger, neighbours });
  const snapshots = opened.use(
    await openSnapshotter({
      root: below('snapshots'),
      defaultSizeBytes: options.storageSizeBytes ?? 0,
      logger,
      clock,
    }),
  );
  const registries = new RegistryClient({
    settings: () => ({
      ...settings.current,
      certificateDirectory: options.registryCertificates ?? '/etc/docker/certs.d',
      maxAttempts: settings.current.maxDownloadAttempts,
    }),
    environment: proxyEnvironment(process.env, options.proxies),
    userAgent: `gantry/${gantryVersion} kernel/${release()} os/linux arch/${hostPlatform().architecture}`,
    clock,
    logger,
  });
  opened.use(registries);
  const users: Storage['users'] = {};
  const images = new LocalImageStore({
    content,
    snapshots,
    state: store,
    registries,
    verifier: new PolicyVerifier({
      policyFile: () => settings.current.signaturePolicy || undefined,
      clock,
    }),
    maxDownloads: () => settings.current.maxConcurrentDownloads,
    maxUploads: () => settings.current.maxConcurrentUploads,
    clock,
    logger,
    retained: () => users.builds?.retainedLayers() ?? [],
    usage: { containersUsing: (id) => users.containers?.service.containersUsing(id) ?? [] },
  });
  const volumes = opened.use(
    await openVolumeStore({
      root: below('volumes'),
      pluginDirectory: path.join(options.execRoot, 'plugins'),
      store,
      clock,
      logger,
    }),
  );
  return { images, content, registries, snapshots, volumes, users };
}
