import type { EndpointSettings } from '@gantry/api-types';
import { errorKind, faultPoint } from '@gantry/base';
import type { NetworkInfo } from '@gantry/network';
import type { Container } from '../container.ts';
import type { ContainerEnvironment } from '../environment.ts';
import { ContainerNetworkError, InvalidOptionError } from '../errors.ts';
import { publishNetworkEvents } from '../events/network-events.ts';
import type { ContainerNetwork, EndpointWish } from '../state/container-record.ts';
import { attachRunning } from './attach-container.ts';
import { checkEndpoint } from './check-endpoints.ts';
import { networkConflicts, wishOf } from './choose-networks.ts';
import { endpointRequest } from './endpoint-requests.ts';
import { followAttachment } from './follow-attachment.ts';

/**
 * Puts a container on a network: at once when it runs, else from its next start on, when the network need not exist yet. The
 * wish is durable when this resolves. Throws with Docker's words `InvalidOptionError` for networks that cannot be had together,
 * `ContainerNetworkError`, and what the controller throws.
 */
export async function connectContainer(
  environment: ContainerEnvironment,
  container: Container,
  { reference, settings }: { reference: string; settings: EndpointSettings },
): Promise<void> {
  const { locks } = environment;
  await locks.run(container.id, async () => {
    refuseRemoval(container);
    const { network } = container.record;
    if (network.mode === 'container') throw new InvalidOptionError(networkConflicts.shared);
    const runs = container.run !== undefined;
    const found = findNetwork(environment, reference, { required: runs });
    const name = found?.name ?? reference;
    const isThere = network.endpoints[name] !== undefined;
    if (found !== undefined && !isThere) refuseConflict(network, found);
    const wish = wishOf(settings);
    checkEndpoint(environment, container.record, { network: name, wish });
    if (!isThere) setEndpoint(environment, container, name, wish);
    if (!runs) return;
    faultPoint('connect/recorded');
    try {
      if (name !== 'none') await join(environment, container, { network: name, wish });
    } catch (error) {
      if (!isThere) setEndpoint(environment, container, name, undefined);
      throw error;
    }
    publishNetworkEvents(environment, container, 'connect', [name]);
  });
}

/**
 * Takes a container off a network, at once when it runs; `force` does so where there is no such network any more. Throws
 * `ContainerNetworkError` when it is not on it, `InvalidOptionError`, and what the controller throws.
 */
export async function disconnectContainer(
  environment: ContainerEnvironment,
  container: Container,
  { reference, force }: { reference: string; force: boolean },
): Promise<void> {
  const { locks, ports } = environment;
  await locks.run(container.id, async () => {
    const runs = container.run !== undefined;
    const found = findNetwork(environment, reference, { required: runs && !force });
    if (!runs || found === undefined) refuseRemoval(container);
    const name = found?.name ?? reference;
    const { network } = container.record;
    if (network.mode === 'host' && name === 'host') throw new InvalidOptionError(networkConflicts.fromHost);
    if (network.endpoints[name] === undefined) {
      const words = runs ? 'network' : 'the network';
      throw new ContainerNetworkError(
        container.id,
        `container ${container.id} is not connected to ${words} ${name}`,
      );
    }
    const attachment = runs ? ports.network.attachment(container.id) : undefined;
    const isJoined = attachment?.endpoints.some(({ networkName }) => networkName === name) === true;
    setEndpoint(environment, container, name, undefined);
    faultPoint('disconnect/recorded');
    if (attachment !== undefined && isJoined) {
      const now = await ports.network.disconnect(container.id, name);
      faultPoint('disconnect/left');
      followAttachment(environment, container, { before: attachment, now });
    }
    if (runs) publishNetworkEvents(environment, container, 'disconnect', [name]);
  });
}

/** Joins a network in the namespace that the container runs in; one that was started on `none` is attached there first. */
async function join(
  environment: ContainerEnvironment,
  container: Container,
  wanted: { network: string; wish: EndpointWish },
): Promise<void> {
  const { network } = environment.ports;
  const before = network.attachment(container.id);
  const now =
    before === undefined
      ? await attachRunning(environment, container)
      : await network.connect(container.id, endpointRequest(container.record, environment.registry, wanted));
  faultPoint('connect/joined');
  followAttachment(environment, container, { before, now });
}

function refuseRemoval({ id, state }: Container): void {
  if (state.status !== 'removing' && state.status !== 'dead') return;
  throw new ContainerNetworkError(
    id,
    `Container ${id} is marked for removal and cannot be connected or disconnected to the network`,
  );
}

function findNetwork(
  { ports }: ContainerEnvironment,
  reference: string,
  { required }: { required: boolean },
): NetworkInfo | undefined {
  try {
    return ports.network.network(reference);
  } catch (error) {
    if (!required && errorKind(error) === 'not-found') return undefined;
    throw error;
  }
}

function refuseConflict({ mode, endpoints }: ContainerNetwork, { driver, name }: NetworkInfo): void {
  if (mode !== 'host' && driver === 'host') throw new InvalidOptionError(networkConflicts.toHost);
  const others = Object.keys(endpoints);
  if (others.length === 0) return;
  if (mode === 'host') throw new InvalidOptionError(networkConflicts.shared);
  if (name === 'none' || others.includes('none')) throw new InvalidOptionError(networkConflicts.none);
}

/** Durably; undefined takes it away. */
function setEndpoint(
  { registry }: ContainerEnvironment,
  container: Container,
  name: string,
  wish: EndpointWish | undefined,
): void {
  const { network } = container.record;
  const { [name]: _before, ...others } = network.endpoints;
  const endpoints = wish === undefined ? others : { ...others, [name]: wish };
  registry.update(container, { network: { ...network, endpoints } });
}
