import { errorKind } from '@gantry/base';
import { isErrno, type NamespaceKind, ProcessNamespace } from '@gantry/kernel';
import type { Attachment } from '@gantry/network';
import type { SharedMemory, SpecNamespace, SpecNamespaces } from '@gantry/runtime';
import type { Container } from '../container.ts';
import { peerOf } from '../create/options/namespace-modes.ts';
import { timeOffsets } from '../create/options/time-offsets.ts';
import type { ContainerEnvironment } from '../environment.ts';
import { ContainerStateError, InvalidOptionError, NamespaceJoinError } from '../errors.ts';
import { isActive } from '../state/container-state.ts';
import { restartingError } from './pause-container.ts';
import { sharedMemoryOf, sharedPath } from './shared-memory.ts';

/** What a start needs to know of other containers. The namespaces exist until it is disposed, whoever ends meanwhile. */
export interface JoinedNamespaces extends Disposable {
  namespaces: SpecNamespaces;
  sharedMemory: SharedMemory;
}

/**
 * Finds the namespaces of a container's next run: its own, the host's, or those of containers that run. Throws
 * `ContainerNotFoundError`, `ContainerStateError`, `NamespaceJoinError` with Docker's words.
 */
export function joinNamespaces(
  environment: ContainerEnvironment,
  container: Container,
  attachment: Attachment | undefined,
): JoinedNamespaces {
  const { hostConfig, network } = container.record;
  const time = timeOffsets(hostConfig);
  using opened = new DisposableStack();
  const open = (peer: Container, kind: NamespaceKind): SpecNamespace => ({
    joined: opened.use(namespaceOf(environment, peer, kind)).path,
  });
  const namespaces: SpecNamespaces = {
    network:
      network.mode === 'container'
        ? open(networkPeer(environment, container), 'net')
        : network.mode === 'host'
          ? 'host'
          : attachment === undefined
            ? 'new'
            : { made: attachment.namespacePath },
    ipc: modeOf(hostConfig.IpcMode, (ref) => open(ipcPeer(environment, ref), 'ipc')),
    pid: modeOf(hostConfig.PidMode, (ref) => open(pidPeer(environment, ref), 'pid')),
    uts: hostConfig.UTSMode === 'host' ? 'host' : 'new',
    cgroup: hostConfig.CgroupnsMode === 'private' ? 'new' : 'host',
    ...(time && { time }),
  };
  const sharedMemory = sharedMemoryOf(container, environment.registry);
  const kept = opened.move();
  return { namespaces, sharedMemory, [Symbol.dispose]: () => kept.dispose() };
}

/** The container whose hosts, hostname and resolv.conf a container sees: the one whose network it is on. */
export function networkOwner(
  { registry }: Pick<ContainerEnvironment, 'registry'>,
  container: Container,
): Container {
  const seen = new Set<Container>();
  let owner = container;
  while (!seen.has(owner)) {
    seen.add(owner);
    const { mode, peer = '' } = owner.record.network;
    owner = (mode === 'container' ? registry.tryFind(peer) : undefined) ?? owner;
  }
  return owner;
}

/** The containers that must run before this one can start. */
export function peersOf(
  { registry }: Pick<ContainerEnvironment, 'registry'>,
  { record }: Container,
): Container[] {
  const { hostConfig, network } = record;
  const refs = [peerOf(hostConfig.IpcMode), peerOf(hostConfig.PidMode), network.peer];
  const peers = refs.flatMap((ref) => (ref === undefined ? [] : [registry.tryFind(ref)]));
  return peers.filter((peer) => peer !== undefined);
}

function modeOf(mode: string | undefined, open: (ref: string) => SpecNamespace): SpecNamespace {
  const peer = peerOf(mode);
  if (peer !== undefined) return open(peer);
  return mode === 'host' ? 'host' : 'new';
}

function networkPeer({ registry }: ContainerEnvironment, container: Container): Container {
  const { peer: ref = '' } = container.record.network;
  const peer = registry.find(ref);
  if (peer === container) throw new InvalidOptionError('cannot join own network');
  if (peer.state.status === 'restarting') throw restartingError(peer.id);
  if (!isActive(peer.state)) {
    throw new ContainerStateError(peer.id, `cannot join network of a non running container: ${peer.id}`);
  }
  return peer;
}

function ipcPeer({ registry }: ContainerEnvironment, ref: string): Container {
  const peer = runningPeer(registry.find(ref), 'IPC');
  if (sharedPath(peer, registry) !== undefined) return peer;
  const hint = 'non-shareable IPC (hint: use IpcMode:shareable for the donor container)';
  throw new NamespaceJoinError('invalid', 'IPC', `container ${peer.id}: ${hint}`);
}

function pidPeer({ registry }: ContainerEnvironment, ref: string): Container {
  return runningPeer(registry.find(ref), 'PID');
}

function runningPeer(peer: Container, kind: 'IPC' | 'PID'): Container {
  if (isActive(peer.state)) return peer;
  const fact =
    peer.state.status === 'restarting'
      ? restartingError(peer.id).message
      : `container ${peer.id} is not running`;
  throw new NamespaceJoinError('conflict', kind, fact);
}

/**
 * The namespace that a container runs in, held until it is disposed. The container is asked again once it is held: its process
 * number could be another's by then. Throws `ContainerStateError` when it does not run.
 */
export function namespaceOf(
  { ports }: ContainerEnvironment,
  peer: Container,
  kind: NamespaceKind,
): ProcessNamespace {
  try {
    using opened = new DisposableStack();
    const namespace = opened.use(new ProcessNamespace(isActive(peer.state) ? peer.state.pid : 0, kind));
    ports.runtime.kill(peer.id, 0);
    opened.move();
    return namespace;
  } catch (error) {
    if (!isErrno(error, 'ENOENT', 'ESRCH') && errorKind(error) !== 'conflict') throw error;
    throw new ContainerStateError(peer.id, `container ${peer.id} is not running`);
  }
}
