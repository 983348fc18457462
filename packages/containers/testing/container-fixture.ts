import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { ContainerCreateRequest, EventMessage } from '@gantry/api-types';
import { type Clock, EngineError, silentLogger, systemClock } from '@gantry/base';
import type { ResolvedImage } from '@gantry/images';
import type { CgroupSupport } from '@gantry/kernel';
import { FakeNetworkController } from '@gantry/network/testing';
import type { Digest, ImageRunConfig } from '@gantry/oci';
import { MemoryMetadataStore } from '@gantry/state/testing';
import { MemoryVolumeStore } from '@gantry/volumes/testing';
import { singleFrames } from '../src/attach/output-frame.ts';
import {
  type Containers,
  type CreationDefaults,
  openContainers,
  plainLogConfig,
  type ResourceLimit,
  type SecurityDefaults,
} from '../src/index.ts';
import { FakeRuntime } from './fake-runtime.ts';
import { FakeSnapshotter } from './fake-snapshotter.ts';
import { fullSupport } from './full-support.ts';
import { plainDefaults } from './plain-defaults.ts';
import { plainSpec } from './plain-spec.ts';

const digest: Digest = `sha256:${'a'.repeat(64)}`;

/** The service on fakes, in a temporary directory. `restart` is what kill -9 of the engine and a new one look like. */
export class ContainerFixture implements AsyncDisposable {
  readonly root: string = mkdtempSync(path.join(tmpdir(), 'gantry-containers-'));
  readonly runtime: FakeRuntime = new FakeRuntime();
  readonly network: FakeNetworkController = new FakeNetworkController();
  readonly volumes: MemoryVolumeStore = new MemoryVolumeStore(path.join(this.root, 'volumes'));
  readonly snapshots: FakeSnapshotter = new FakeSnapshotter(path.join(this.root, 'snapshots'));
  readonly imageConfig: ImageRunConfig = {};
  /** A kernel that can limit everything; a test takes away what it is about. */
  readonly support: CgroupSupport = fullSupport();
  /** What a daemon's configuration may change. */
  creation: CreationDefaults = plainDefaults.creation();
  readonly ulimits: ResourceLimit[] = [];
  readonly security: SecurityDefaults = { ...plainDefaults.security };
  readonly events: EventMessage[] = [];
  readonly clock: Clock;
  store: MemoryMetadataStore = new MemoryMetadataStore();
  #containers: Containers | undefined;
  readonly #eventWaiters: (() => void)[] = [];
  readonly #ending = new AbortController();

  constructor(clock: Clock = systemClock) {
    this.clock = clock;
  }

  static async open(clock?: Clock): Promise<ContainerFixture> {
    const fixture = new ContainerFixture(clock);
    await fixture.openEngine();
    return fixture;
  }

  get containers(): Containers {
    if (this.#containers === undefined) throw new Error('the engine is not open');
    return this.#containers;
  }

  get service(): Containers['service'] {
    return this.containers.service;
  }

  async openEngine(): Promise<void> {
    this.store = new MemoryMetadataStore(this.store);
    this.#containers = await openContainers({
      dataRoot: this.root,
      store: this.store,
      clock: this.clock,
      logger: silentLogger,
      defaults: {
        ...plainDefaults,
        storageDriver: 'fake',
        cgroupParent: '/gantry',
        cgroupDriver: 'cgroupfs',
        cgroupSupport: this.support,
        logConfig: plainLogConfig,
        security: this.security,
        ulimits: this.ulimits,
        creation: () => this.creation,
        hostFiles: {
          resolvConf: '/nowhere/resolv.conf',
          resolvedConf: '/nowhere/resolved',
          hosts: '/nowhere/hosts',
        },
      },
      ports: {
        images: { resolve: (ref) => this.#resolve(ref), commit: () => Promise.resolve(digest) },
        snapshots: this.snapshots,
        runtime: this.runtime,
        network: this.network,
        volumes: this.volumes,
        buildSpec: plainSpec,
        findContainerEdits: () => Promise.resolve(undefined),
      },
    });
    void this.#collectEvents(this.#containers);
  }

  /** Closes the engine as an orderly end does. */
  async closeEngine(): Promise<void> {
    await this.#containers?.[Symbol.asyncDispose]();
    this.#containers = undefined;
  }

  async restart(): Promise<void> {
    await this.closeEngine();
    await this.openEngine();
  }

  /** Creates a container of `command` from the image `busybox`, and returns its id. */
  async create(command: string, request: ContainerCreateRequest = {}, name?: string): Promise<string> {
    const { Id } = await this.service.create(
      { Image: 'busybox', Cmd: command.split(' '), ...request },
      name === undefined ? {} : { name },
    );
    return Id;
  }

  /** Creates and starts. */
  async run(command: string, request: ContainerCreateRequest = {}): Promise<string> {
    const id = await this.create(command, request);
    await this.service.start(id);
    return id;
  }

  async wait(
    id: string,
    condition: 'not-running' | 'next-exit' | 'removed' = 'not-running',
  ): Promise<number> {
    const { result } = await this.service.wait(id, condition, new AbortController().signal);
    return (await result).StatusCode;
  }

  async logs(
    id: string,
    options: { follow?: boolean; tail?: number; timestamps?: boolean } = {},
  ): Promise<string> {
    const { frames } = await this.service.logs(id, {
      stdout: true,
      stderr: true,
      follow: false,
      timestamps: false,
      details: false,
      signal: new AbortController().signal,
      ...options,
    });
    const parts: Buffer[] = [];
    for await (const some of frames) for (const { data } of singleFrames(some)) parts.push(Buffer.from(data));
    return Buffer.concat(parts).toString();
  }

  /** Resolves once an event of that action was published. */
  async event(action: string): Promise<void> {
    while (!this.actions().includes(action))
      await new Promise<void>((resolve) => this.#eventWaiters.push(resolve));
  }

  actions(): string[] {
    return this.events.map(({ Action }) => Action ?? '');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.closeEngine();
    this.#ending.abort();
    rmSync(this.root, { recursive: true, force: true });
  }

  async #collectEvents(containers: Containers): Promise<void> {
    const events = containers.events.events({ filters: new Map(), signal: this.#ending.signal });
    for await (const event of events) {
      this.events.push(event);
      for (const resolve of this.#eventWaiters.splice(0)) resolve();
    }
  }

  #resolve(ref: string): Promise<ResolvedImage> {
    if (ref !== 'busybox') {
      return Promise.reject(new EngineError('not-found', 'image-not-found', `No such image: ${ref}:latest`));
    }
    return Promise.resolve({
      id: digest,
      manifestDigest: digest,
      layers: [digest],
      platform: { os: 'linux', architecture: 'amd64' },
      config: {
        os: 'linux',
        architecture: 'amd64',
        rootfs: { type: 'layers', diff_ids: [digest] },
        config: this.imageConfig,
      },
    });
  }
}
