import { EngineError, errorMessage, faultPoint } from '@gantry/base';
import { mkdirAllIn, type UserNamespace } from '@gantry/kernel';
import type { Attachment } from '@gantry/network';
import type { ContainerEdits, StartRequest } from '@gantry/runtime';
import type { Container } from '../container.ts';
import { deviceWishes } from '../create/options/devices.ts';
import { initPathOf } from '../create/options/init.ts';
import type { ContainerEnvironment } from '../environment.ts';
import { ContainerStateError, ContainerUnchangedError } from '../errors.ts';
import { publishContainerEvent } from '../events/container-events.ts';
import { publishNetworkEvents } from '../events/network-events.ts';
import { publishVolumeEvents } from '../events/volume-events.ts';
import { beginHealth } from '../health/watch-health.ts';
import { attachContainer } from '../networks/attach-container.ts';
import { tellLinkedContainers, variablesOfLinks } from '../networks/linked-addresses.ts';
import { joinsNetworks } from '../networks/network-names.ts';
import { countsAsRunning } from '../state/container-state.ts';
import { hostRoot } from '../state/host-root.ts';
import { formatTimestamp } from '../state/timestamps.ts';
import { markContainer } from './container-mark.ts';
import { watchRun } from './container-run.ts';
import { containerSpec, workingDirectory } from './container-spec.ts';
import { type JoinedNamespaces, joinNamespaces, networkOwner } from './joined-namespaces.ts';
import { type MountSources, prepareMounts } from './mount-sources.ts';
import { moveNetworkDevices } from './network-devices.ts';
import { writeNetworkFiles } from './network-files.ts';
import { cancelUnmount } from './plan-unmount.ts';
import { mountSharedMemory, unmountSharedMemory } from './shared-memory.ts';
import { openUserNamespace } from './user-namespace.ts';

/** Exit code of a container that could not be started for a reason that is not its command's. */
const startFailedExitCode = 128;

/** Throws `ContainerUnchangedError` when it runs, `ContainerStateError` when it cannot be started. */
export function checkStartable({ id, state }: Container): void {
  if (state.status === 'paused') {
    throw new ContainerStateError(id, 'cannot start a paused container, try unpause instead');
  }
  if (countsAsRunning(state)) throw new ContainerUnchangedError(id, `container ${id} is already running`);
  if (state.status === 'removing' || state.status === 'dead') {
    throw new ContainerStateError(id, 'container is marked for removal and cannot be started');
  }
}

/** Who starts a container: a user, whose start counts restarts anew, or its restart policy. */
export type StartCause = 'user' | 'policy';

/**
 * Starts a container that does not run; its lock is held. When a step fails everything before it is undone in reverse
 * order, the failure is recorded as Docker records it (exit code 126, 127 or 128), and the error is thrown. That it runs is
 * to be `synced` by whoever acknowledges the start.
 */
export async function startContainer(
  environment: ContainerEnvironment,
  container: Container,
  cause: StartCause,
): Promise<void> {
  const { registry, logger } = environment;
  registry.applyInMemory(container, { type: 'start-begun' });
  if (cause === 'user') container.restartDelayMs = 0;
  try {
    cancelUnmount(container);
    await container.releasing;
    await startSteps(environment, container, cause);
  } catch (error) {
    const exitCode = exitCodeOf(error);
    const failure = { type: 'start-failed', exitCode, error: errorMessage(error) } as const;
    try {
      registry.apply(container, failure);
    } catch (storeError) {
      logger.error('a failed start was not recorded', { containerId: container.id, error: storeError });
      registry.applyInMemory(container, failure);
    }
    container.output.end();
    throw error;
  }
}

async function startSteps(
  environment: ContainerEnvironment,
  container: Container,
  cause: StartCause,
): Promise<void> {
  const { ports, registry, events } = environment;
  const { id } = container;
  await using undo = new AsyncDisposableStack();
  ports.runtime.expectStart();
  using users = await openUserNamespace(environment, container);
  const { rootfs, attachment, sources: opened } = await prepare(environment, container, { users, undo });
  await using sources = opened;
  faultPoint('start/prepared');
  using joined = joinNamespaces(environment, container, attachment);
  mountSharedMemory(container);
  undo.defer(() => unmountSharedMemory(container));
  const edits = await findEdits(environment, container);
  moveNetworkDevices(edits, attachment);
  const request = startRequest(environment, container, {
    rootfs,
    attachment,
    sources,
    joined,
    users,
    edits,
  });
  tellLinkedContainers(environment, container, attachment);
  publishNetworkEvents(environment, container, 'connect');
  container.log.begin((position) => container.run?.process.output.release(position));
  undo.defer(() => container.log.end());
  faultPoint('start/log-begun');
  const process = await ports.runtime.start(request);
  faultPoint('start/process-started');
  undo.defer(() => ports.runtime.remove(id));
  const startedAt = formatTimestamp(environment.clock.nowNs());
  registry.applySoon(
    container,
    { type: 'started', at: startedAt, pid: process.pid },
    {
      manuallyStopped: false,
      ...(cause === 'user' && { restartCount: 0 }),
    },
  );
  undo.move();
  faultPoint('start/recorded');
  watchRun(environment, container, process, { stdout: 0, stderr: 0 });
  publishVolumeEvents(events, container, 'mount');
  publishContainerEvent(events, container, 'start');
  beginHealth(environment, container);
}

/** The file system and the network, side by side: neither needs the other. */
async function prepare(
  environment: ContainerEnvironment,
  container: Container,
  { users, undo }: { users: UserNamespace | undefined; undo: AsyncDisposableStack },
): Promise<Omit<PreparedStart, 'joined' | 'users' | 'edits'>> {
  const { ports } = environment;
  const { id, record } = container;
  undo.defer(() => ports.snapshots.unmount(id));
  if (joinsNetworks(record.network)) undo.defer(() => ports.network.detach(id));
  const [mounted, attached] = await Promise.allSettled([
    ports.snapshots.mount(id, users),
    attachContainer(environment, container, users?.networkPath),
  ]);
  if (mounted.status === 'rejected') throw mounted.reason;
  if (attached.status === 'rejected') throw attached.reason;
  const sources = await prepareMounts(environment, container, { rootfs: mounted.value, users }, undo);
  return { rootfs: mounted.value, attachment: attached.value, sources };
}

/** What a container's devices by specification files ask for: files that change while it exists. */
async function findEdits(
  { ports }: ContainerEnvironment,
  { record }: Container,
): Promise<ContainerEdits | undefined> {
  const wishes = deviceWishes(record.hostConfig);
  return wishes.length === 0 ? undefined : await ports.findContainerEdits(wishes);
}

interface PreparedStart {
  rootfs: string;
  attachment: Attachment | undefined;
  sources: MountSources;
  joined: JoinedNamespaces;
  users: UserNamespace | undefined;
  edits: ContainerEdits | undefined;
}

function startRequest(
  environment: ContainerEnvironment,
  container: Container,
  { rootfs, attachment, sources, joined, users, edits }: PreparedStart,
): StartRequest {
  const { ports, defaults } = environment;
  const { id, record } = container;
  writeNetworkFiles(environment, container, attachment);
  const options = containerSpec({
    record,
    filesDirectory: networkOwner(environment, container).directory,
    rootfs,
    sources,
    namespaces: joined.namespaces,
    sharedMemory: joined.sharedMemory,
    linkVariables: variablesOfLinks(environment, container),
    defaults,
  });
  if (edits !== undefined) options.edits = edits;
  const initPath = initPathOf(record.hostConfig, defaults.init);
  if (initPath !== undefined) options.initPath = initPath;
  if (users !== undefined) options.userNamespace = users;
  markContainer(rootfs, record);
  const directoryInside = workingDirectory(record);
  if (directoryInside !== '/') mkdirAllIn(rootfs, directoryInside, { ...hostRoot(record), mode: 0o755 });
  return {
    containerId: id,
    spec: ports.buildSpec(options),
    stdin: record.config.OpenStdin === true,
    ...(record.hostConfig.Runtime && { runtime: record.hostConfig.Runtime }),
    ...(options.terminal && { terminal: options.terminal }),
  };
}

function exitCodeOf(error: unknown): number {
  const code = error instanceof EngineError && 'exitCode' in error ? error.exitCode : undefined;
  return typeof code === 'number' ? code : startFailedExitCode;
}
