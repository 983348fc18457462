import type { ContainerCreateRequest, EndpointSettings } from '@gantry/api-types';
import { errorKind } from '@gantry/base';
import type { NetworkController } from '@gantry/network';
import { type FindContainerId, peerOf } from '../create/options/namespace-modes.ts';
import { InvalidOptionError } from '../errors.ts';
import type { ContainerNetwork, EndpointWish } from '../state/container-record.ts';

export interface NetworkChoice extends Pick<ContainerNetwork, 'mode' | 'peer' | 'endpoints'> {
  /** `NetworkMode` as `inspect` shows it. */
  shownMode: string;
}

export interface NetworkChoiceContext {
  networks: Pick<NetworkController, 'network'>;
  findContainerId: FindContainerId;
}

/** Docker's words for networks that cannot be had together. */
export const networkConflicts = {
  shared:
    'container sharing network namespace with another container or host cannot be connected to any other network',
  none: 'container cannot be connected to multiple networks with one of the networks in private (none) mode',
  toHost: 'cannot connect container to host network - container must be created in host network mode',
  fromHost: 'cannot disconnect container from host network - container was created in host network mode',
} as const;

/**
 * The networks of a create request. `default` and nothing mean `bridge`; another container's, `container:<name or id>`, is
 * looked for again at each start. As in Docker the mode counts where there is no `EndpointsConfig`, and a network need not
 * exist before the start. A container with a disabled network is on `none`. Throws `InvalidOptionError`.
 */
export function chooseNetworks(
  request: ContainerCreateRequest,
  context: NetworkChoiceContext,
): NetworkChoice {
  const mode = normalise(request.HostConfig?.NetworkMode ?? '');
  const given = Object.entries(request.NetworkingConfig?.EndpointsConfig ?? {});
  const peer = peerOf(mode);
  if (peer !== undefined) {
    if (given.some(([name]) => normalise(name) !== mode)) throw conflict(networkConflicts.shared);
    const id = context.findContainerId(peer) ?? peer;
    return { mode: 'container', peer: id, endpoints: {}, shownMode: `container:${id}` };
  }
  if (request.NetworkDisabled === true) return { mode: 'own', endpoints: { none: {} }, shownMode: 'none' };
  const wanted = given.length === 0 ? [[mode, {}] as const] : given;
  const endpoints = Object.fromEntries(
    wanted.map(([name, settings]) => [nameOf(context.networks, normalise(name)), wishOf(settings)]),
  );
  const names = Object.keys(endpoints);
  const isHost = mode === 'host';
  if (isHost && names.some((name) => name !== 'host')) throw conflict(networkConflicts.shared);
  if (!isHost && names.includes('host')) throw conflict(networkConflicts.toHost);
  if (names.length > 1 && names.includes('none')) throw conflict(networkConflicts.none);
  return { mode: isHost ? 'host' : 'own', endpoints, shownMode: mode };
}

/** What is kept of endpoint settings: the wishes, without what clients send back of what they were shown. */
export function wishOf(settings: EndpointSettings): EndpointWish {
  const { IPAMConfig, Links, MacAddress, Aliases, DriverOpts, GwPriority } = settings;
  const given = Object.entries({ IPAMConfig, Links, MacAddress, Aliases, DriverOpts, GwPriority });
  return Object.fromEntries(given.filter(([, value]) => !isZero(value)));
}

/** Go's zero value, as clients send it for what they do not ask. */
function isZero(value: unknown): boolean {
  if (typeof value === 'object' && value !== null) return Object.values(value).every(isZero);
  return value === null || value === undefined || value === '' || value === 0;
}

/** The network's name where there is such a network; else what was given. Throws for an id that is ambiguous. */
export function nameOf(networks: Pick<NetworkController, 'network'>, reference: string): string {
  try {
    return networks.network(reference).name;
  } catch (error) {
    if (errorKind(error) === 'not-found') return reference;
    throw error;
  }
}

function normalise(name: string): string {
  return name === '' || name === 'default' ? 'bridge' : name;
}

function conflict(message: string): InvalidOptionError {
  return new InvalidOptionError(message, { option: 'NetworkingConfig.EndpointsConfig' });
}
