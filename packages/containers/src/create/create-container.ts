import type {
  ContainerConfig,
  ContainerCreateRequest,
  ContainerCreateResponse,
  HostConfig,
} from '@gantry/api-types';
import { faultPoint } from '@gantry/base';
import type { ResolvedImage } from '@gantry/images';
import type { IdMaps } from '@gantry/kernel';
import type { Platform } from '@gantry/oci';
import type { ContainerEnvironment } from '../environment.ts';
import { InvalidOptionError } from '../errors.ts';
import { publishContainerEvent } from '../events/container-events.ts';
import { containerHostname } from '../lifecycle/network-files.ts';
import { checkEndpoints } from '../networks/check-endpoints.ts';
import { chooseNetworks, type NetworkChoice } from '../networks/choose-networks.ts';
import { legacyLinks } from '../networks/links.ts';
import { type CheckedResources, checkResources } from '../resources/check-resources.ts';
import { newContainerId } from '../state/container-id.ts';
import type { ContainerMount, ContainerNetwork, ContainerRecord } from '../state/container-record.ts';
import type { ContainerRegistry } from '../state/container-registry.ts';
import { initialState } from '../state/container-state.ts';
import { formatTimestamp } from '../state/timestamps.ts';
import { completeHostConfig } from './host-config.ts';
import { makeVolumes } from './make-volumes.ts';
import { mergeImageConfig } from './merge-image-config.ts';
import { containerName, generateName } from './names/container-name.ts';
import { checkCgroupParent } from './options/cgroup-parent.ts';
import { containerUsers } from './options/container-users.ts';
import { checkNamespaceConflicts } from './options/namespace-modes.ts';
import { exposedPorts, portRequests } from './options/ports.ts';
import { refuseUnbuiltOptions } from './options/refused-options.ts';
import { requestedMounts } from './options/requested-mounts.ts';
import { checkRestartNeeds } from './options/restart-policy.ts';
import { requestedSize } from './options/storage-options.ts';
import { volumesFrom } from './volumes-from.ts';

export interface CreateOptions {
  /** With or without a leading slash; made up when missing. */
  name?: string;
  /** `os/architecture[/variant]`; the host's when missing. */
  platform?: string;
  signal?: AbortSignal;
}

/**
 * Makes a container: everything is checked before anything is made, and what was made is undone when a step fails. The
 * container exists, durably (unless it removes itself), when the result is there. Throws the image's error when it is missing,
 * `ContainerNameInUseError`, `InvalidContainerNameError`, `InvalidOptionError`, `OptionNotBuiltError`.
 */
export async function createContainer(
  environment: ContainerEnvironment,
  request: ContainerCreateRequest,
  options: CreateOptions,
): Promise<ContainerCreateResponse> {
  const { registry } = environment;
  checkNamespaceConflicts(request);
  refuseUnbuiltOptions(request);
  if (request.Image === undefined || request.Image === '') {
    throw new InvalidOptionError('no command specified: Config.Image is empty');
  }
  const id = newContainerId();
  const name =
    options.name === undefined || options.name === ''
      ? generateName((candidate) => registry.isNameFree(candidate))
      : containerName(options.name);
  registry.reserveName(name, id);
  try {
    // Mostly a start follows at once.
    environment.ports.runtime.expectStart();
    const image = await environment.ports.images.resolve(request.Image, {
      ...(options.platform !== undefined &&
        options.platform !== '' && { platform: parsePlatform(options.platform) }),
      ...(options.signal && { signal: options.signal }),
    });
    const checked = checkResources(request.HostConfig ?? {}, {
      support: environment.defaults.cgroupSupport,
      purpose: 'create',
    });
    using users = containerUsers(environment, request.HostConfig ?? {});
    const { idMaps } = users;
    const draft = draftRecord(environment, { id, name, request, image, checked, idMaps });
    checkEndpoints(environment, draft);
    await makeContainer(environment, draft, request);
    return { Id: id, Warnings: [...checked.warnings, ...warningsOf(request)] };
  } finally {
    registry.releaseName(name, id);
  }
}

async function makeContainer(
  environment: ContainerEnvironment,
  draft: ContainerRecord,
  request: ContainerCreateRequest,
): Promise<void> {
  const { directories, events, ports, registry } = environment;
  const host = request.HostConfig ?? {};
  const sizeBytes = requestedSize(host.StorageOpt);
  const inherited = volumesFrom(registry, host.VolumesFrom ?? []);
  const { requested, kept } = requestedMounts(draft.config, host, inherited);
  await using undo = new AsyncDisposableStack();
  undo.defer(() => directories.remove(draft.id));
  directories.create(draft.id);
  faultPoint('create/directory-made');
  undo.defer(() => ports.snapshots.remove(draft.id));
  await ports.snapshots.create(draft.id, draft.image.layers, {
    volatile: draft.hostConfig.AutoRemove === true,
    ...(sizeBytes !== undefined && { sizeBytes }),
    ...(draft.idMaps && { idMaps: draft.idMaps }),
  });
  faultPoint('create/snapshot-made');
  const made = [...kept, ...(await makeVolumes(environment, { container: draft, requested }, undo))];
  faultPoint('create/volumes-made');
  const record = { ...draft, mounts: made };
  const container = registry.add(record, () => acquireVolumes(environment, record.id, made));
  undo.move();
  faultPoint('create/recorded');
  publishContainerEvent(events, container, 'create');
  // A start-up pass removes a container that removes itself: without volumes nothing is lost with its record.
  if (record.hostConfig.AutoRemove !== true || made.length > 0) await registry.synced();
}

function acquireVolumes(
  { ports }: ContainerEnvironment,
  containerId: string,
  mounts: readonly ContainerMount[],
): void {
  for (const mount of mounts) {
    if (mount.type === 'volume') ports.volumes.acquire(mount.volumeName, containerId);
  }
}

function draftRecord(
  { clock, defaults, ports, registry }: ContainerEnvironment,
  parts: {
    id: string;
    name: string;
    request: ContainerCreateRequest;
    image: ResolvedImage;
    checked: CheckedResources;
    idMaps: IdMaps | undefined;
  },
): ContainerRecord {
  const { id, name, request, image, checked, idMaps } = parts;
  const findContainerId = (ref: string): string | undefined => registry.tryFind(ref)?.id;
  const choice = chooseNetworks(request, { networks: ports.network, findContainerId });
  const creation = defaults.creation();
  const config = { ...mergeImageConfig(request, image.config.config ?? {}) };
  Object.assign(config, hostNamesOf(config, { id, network: choice, registry }));
  const host = request.HostConfig ?? {};
  checkCgroupParent(host.CgroupParent ?? '', defaults.cgroupDriver);
  exposedPorts(config);
  checkRestartNeeds(host, config);
  return {
    id,
    name,
    createdAt: formatTimestamp(clock.nowNs()),
    config,
    hostConfig: completeHostConfig(host, {
      networkMode: choice.shownMode,
      findContainerId,
      cgroupVersion: defaults.cgroupSupport.version,
      defaults: creation,
      shmSizeBytes: creation.shmSizeBytes,
      security: defaults.security,
      runtimeName: ports.runtime.name,
      hasRuntime: (runtime) => ports.runtime.offers(runtime),
      init: defaults.init.program,
      logConfig: defaults.logConfig,
      checked,
    }),
    image: {
      id: image.id,
      reference: request.Image ?? '',
      manifestDigest: image.manifestDigest,
      layers: image.layers,
      platform: image.platform,
    },
    mounts: [],
    ...(idMaps && { idMaps }),
    network: networkOf(choice, { config, host, registry }),
    state: initialState,
    restartCount: 0,
    manuallyStopped: false,
  };
}

function networkOf(
  { mode, peer, endpoints, ...choice }: NetworkChoice,
  parts: { config: ContainerConfig; host: HostConfig; registry: ContainerRegistry },
): ContainerNetwork {
  const { config, host, registry } = parts;
  const links = legacyLinks(host, { mode, endpoints, ...choice }, registry);
  return {
    mode,
    endpoints,
    // One on `none` can be connected later.
    ports: mode === 'own' ? portRequests(config, host) : [],
    ...(peer !== undefined && { peer }),
    ...(Object.keys(links).length > 0 && { links }),
  };
}

/** Its own names; on the host's network those of the host, at each start; on another container's network that one's. */
function hostNamesOf(
  config: ContainerConfig,
  { id, network, registry }: { id: string; network: NetworkChoice; registry: ContainerRegistry },
): Pick<ContainerConfig, 'Hostname' | 'Domainname'> {
  const { Hostname = '', Domainname = '' } = config;
  if (network.mode === 'host') return { Hostname, Domainname };
  const peer = network.mode === 'container' ? registry.tryFind(network.peer ?? '') : undefined;
  if (peer === undefined) return { Hostname: Hostname === '' ? id.slice(0, 12) : Hostname, Domainname };
  return { Hostname: containerHostname(peer.record), Domainname: peer.record.config.Domainname ?? '' };
}

function warningsOf(request: ContainerCreateRequest): string[] {
  const warnings: string[] = [];
  const publishes = Object.keys(request.HostConfig?.PortBindings ?? {}).length > 0;
  if (publishes && request.HostConfig?.NetworkMode === 'host') {
    warnings.push('Published ports are discarded when using host network mode');
  }
  return warnings;
}

function parsePlatform(text: string): Platform {
  const [os = '', architecture = '', variant, more] = text.toLowerCase().split('/');
  if (os === '' || architecture === '' || more !== undefined) {
    throw new InvalidOptionError(
      `${JSON.stringify(text)}: unknown operating system or architecture: invalid argument`,
    );
  }
  return { os, architecture, ...(variant !== undefined && { variant }) };
}
