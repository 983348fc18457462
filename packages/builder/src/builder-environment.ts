import type { Clock, Logger } from '@gantry/base';
import type { HostFiles, SecurityDefaults } from '@gantry/containers';
import type { BlobStore } from '@gantry/content';
import type { ImageComposer, ImageStore, Registries } from '@gantry/images';
import type { IdMaps } from '@gantry/kernel';
import type { DnsRequest, NetworkController } from '@gantry/network';
import type { RuntimeSpec } from '@gantry/oci';
import type { ContainerEdits, ContainerRuntime, DeviceWish, SpecOptions } from '@gantry/runtime';
import type { Snapshotter } from '@gantry/snapshots';
import type { BuildCache, CachedStep } from './cache/build-cache.ts';
import type { CacheMounts } from './cache/cache-mounts.ts';
import type { Downloads } from './cache/downloads.ts';
import type { KeptDirectories } from './cache/kept-directories.ts';
import type { KnownDigests } from './cache/known-digests.ts';
import type { OutsideCaches } from './cache/remote/outside-caches.ts';

/** The lower layers, as far as builds use them. */
export interface BuilderPorts {
  images: Pick<ImageStore, 'resolve' | 'keep'>;
  composer: Pick<ImageComposer, 'compose' | 'pack' | 'receive' | 'record' | 'send' | 'archive' | 'blobs'>;
  content: BlobStore;
  registries: Registries;
  snapshots: Snapshotter;
  runtime: ContainerRuntime;
  network: Pick<NetworkController, 'attach' | 'detach' | 'networks'>;
  buildSpec: (options: SpecOptions) => RuntimeSpec;
  /** See `findContainerEdits` of the runtime. */
  findContainerEdits: (wishes: readonly DeviceWish[]) => Promise<ContainerEdits | undefined>;
}

/** What is the same for all builds of an engine. */
export interface BuilderDefaults {
  cgroupParent: string;
  cgroupVersion: 1 | 2;
  security: SecurityDefaults;
  hostFiles: HostFiles;
  dns: DnsRequest;
  /** What `host-gateway` stands for; the host's addresses on the default bridge when empty. */
  hostGatewayAddresses: readonly string[];
  /** What builds may be granted at all, as things are now. */
  entitlements: () => { networkHost: boolean; securityInsecure: boolean; device: boolean };
  /** Users of RUN steps, as of the daemon's containers (`userns-remap`); the host's when missing. */
  userMaps?: IdMaps;
}

export interface BuilderEnvironment {
  ports: BuilderPorts;
  defaults: BuilderDefaults;
  cache: BuildCache;
  cacheMounts: CacheMounts;
  downloads: Downloads;
  directories: KeptDirectories;
  digests: KnownDigests;
  /** Steps that are under way, by their keys. */
  making: Map<string, Promise<CachedStep>>;
  /** Of one build: caches outside of the engine. */
  outside?: OutsideCaches;
  /** Ids of the file systems and processes of steps that are under way. */
  steps: Set<string>;
  /** Of files that a step needs for its moment; emptied at start. */
  workDirectory: string;
  clock: Clock;
  logger: Logger;
}
