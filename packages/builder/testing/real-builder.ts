import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmdirSync } from 'node:fs';
import path from 'node:path';
import { silentLogger, systemClock } from '@gantry/base';
import { FileBlobStore } from '@gantry/content';
import { LocalImageStore } from '@gantry/images';
import { noRegistries } from '@gantry/images/testing';
import { changeLink, detectCgroups, NetlinkSocket } from '@gantry/kernel';
import { openNetworkController } from '@gantry/network';
import { hostPlatform } from '@gantry/oci';
import { buildSpec, findContainerEdits, openRuntime, readSpecHost } from '@gantry/runtime';
import { openSnapshotter, type Snapshotter } from '@gantry/snapshots';
import { openMetadataStore } from '@gantry/state';
import { makeRootfs, makeTestImage } from '@gantry/testkit';
import {
  type BuildEvent,
  type BuilderDefaults,
  type BuildRequest,
  type BuildResult,
  BuildService,
  imageOutput,
} from '../src/index.ts';

/** A builder on everything real, with the image `busybox`. */
export interface RealBuilder extends AsyncDisposable {
  readonly builds: BuildService;
  readonly images: LocalImageStore;
  readonly snapshots: Snapshotter;
  /** Builds a Dockerfile and returns what it told too. Whatever is not said is empty. */
  build(
    dockerfile: string,
    request?: Partial<BuildRequest>,
  ): Promise<{ id: string; metadata: BuildResult['metadata']; events: readonly BuildEvent[] }>;
  /** The text of a file of an image. */
  read(image: string, file: string): Promise<string>;
}

/** Takes `root` as its data root; opening again finds what was there. Needs root. */
export async function openRealBuilder(
  root: string,
  bridge: string,
  defaults: Partial<BuilderDefaults> = {},
): Promise<RealBuilder> {
  const [logger, clock] = [silentLogger, systemClock];
  await using opened = new AsyncDisposableStack();
  raiseLoopback();
  opened.defer(() => removeCgroups(path.basename(root)));
  const execRoot = path.join(root, 'exec');
  mkdirSync(path.join(root, 'work'), { recursive: true });
  const content = await FileBlobStore.open({ directory: path.join(root, 'content'), logger });
  const store = opened.use(openMetadataStore({ path: path.join(root, 'state.db'), logger }));
  const snapshots = opened.use(await openSnapshotter({ root: path.join(root, 'snapshots'), logger }));
  const users: { builds?: BuildService } = {};
  const images = new LocalImageStore({
    content,
    snapshots,
    state: store,
    registries: noRegistries,
    logger,
    workDirectory: path.join(root, 'work'),
    retained: () => users.builds?.retainedLayers() ?? [],
  });
  const network = opened.use(
    await openNetworkController({ store, execRoot, logger, clock, bridge, bip: '10.78.0.1/24' }),
  );
  const runtime = opened.use(openRuntime({ execRoot, logger, clock }));
  const { version } = detectCgroups();
  const host = readSpecHost({ cgroupVersion: version });
  const builds = await BuildService.open({
    ports: {
      images,
      composer: images.composer,
      registries: noRegistries,
      content,
      snapshots,
      runtime,
      network,
      buildSpec: (spec) => buildSpec(spec, host),
      findContainerEdits: (wishes) =>
        findContainerEdits(wishes, { directories: [path.join(root, 'cdi')], logger }),
    },
    defaults: {
      cgroupParent: `/${path.basename(root)}`,
      cgroupVersion: version,
      security: { apparmor: false, selinux: false, noNewPrivileges: false, seccomp: 'default' },
      hostFiles: { resolvConf: '/etc/resolv.conf', resolvedConf: '/nowhere', hosts: '/etc/hosts' },
      dns: {},
      hostGatewayAddresses: ['192.0.2.1'],
      entitlements: () => ({ networkHost: true, securityInsecure: true, device: true }),
      ...defaults,
    },
    store,
    directory: path.join(root, 'builder'),
    clock,
    logger,
  });
  users.builds = builds;
  await loadBusybox(images, root);
  const all = opened.move();
  return {
    builds,
    images,
    snapshots,
    build: async (dockerfile, request = {}) => {
      const events: BuildEvent[] = [];
      const built = await builds.build({
        ...plainRequest(dockerfile),
        onEvent: (event) => events.push(event),
        ...request,
      });
      return { id: built.id ?? '', metadata: built.metadata, events };
    },
    read: async (image, file) => await readFileOf({ images, snapshots }, image, file),
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}

function plainRequest(dockerfile: string): BuildRequest {
  return {
    context: { kind: 'archive', bytes: onlyDockerfile(dockerfile) },
    dockerfile: { kind: 'context', path: 'Dockerfile' },
    namedContexts: new Map(),
    outputs: [imageOutput([])],
    target: '',
    buildArguments: new Map(),
    labels: new Map(),
    platforms: [hostPlatform()],
    multiPlatform: false,
    noCache: false,
    noCacheStages: new Set(),
    pull: false,
    network: 'none',
    extraHosts: [],
    limits: {},
    hostname: '',
    cgroupParent: '',
    ulimits: [],
    sharedMemoryBytes: 64 * 1024 ** 2,
    cacheFrom: [],
    cacheTo: [],
    entitlements: new Set(),
    attestations: {},
    pullImage: () => Promise.reject(new Error('nothing is pulled here')),
    onEvent: () => {},
    signal: new AbortController().signal,
  };
}

async function* onlyDockerfile(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}

async function readFileOf(
  { images, snapshots }: Pick<RealBuilder, 'images' | 'snapshots'>,
  image: string,
  file: string,
): Promise<string> {
  const { layers } = await images.resolve(image);
  await snapshots.create('reading', layers);
  try {
    const mounted = await snapshots.mount('reading');
    return execFileSync('chroot', [mounted, 'cat', file]).toString();
  } finally {
    await snapshots.remove('reading');
  }
}

async function loadBusybox(images: LocalImageStore, root: string): Promise<void> {
  const rootfs = path.join(root, 'rootfs');
  await makeRootfs(rootfs);
  const layer = execFileSync('tar', ['--numeric-owner', '-C', rootfs, '-cf', '-', '.'], {
    maxBuffer: 64 * 1024 ** 2,
  });
  const { archive } = makeTestImage({
    format: 'docker-archive',
    images: [{ names: ['busybox:latest'], layers: [layer], config: { config: { Cmd: ['sh'] } } }],
  });
  await images.load(inOnePiece(archive), { onProgress: () => {}, quiet: true });
}

async function* inOnePiece(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

/** Of steps, which are gone. */
function removeCgroups(name: string): void {
  for (const controller of ['', ...readdirSync('/sys/fs/cgroup')]) {
    const directory = path.join('/sys/fs/cgroup', controller, name);
    if (existsSync(directory)) rmdirSync(directory);
  }
}

function raiseLoopback(): void {
  using socket = NetlinkSocket.open();
  socket.request(changeLink('lo', { up: true }));
}
