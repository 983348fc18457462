import type { ContainerCreateRequest } from '@gantry/api-types';
import { InvalidOptionError, NetworkMissingError } from '../../errors.ts';
import type { ContainerNetwork } from '../../state/container-record.ts';
import { type FindContainerId, peerOf } from './namespace-modes.ts';

export type NetworkChoice = Pick<ContainerNetwork, 'mode' | 'peer'>;

/**
 * The network of a create request: `default` and nothing mean `bridge`; another container's, `container:<name or id>`, is
 * looked for again at each start. A disabled network is `none`. Throws `NetworkMissingError` for any other name.
 */
export function networkMode(
  request: ContainerCreateRequest,
  findContainerId: FindContainerId,
): NetworkChoice {
  const mode = normalise(request.HostConfig?.NetworkMode ?? '');
  const peer = peerOf(mode);
  const endpoints = Object.keys(request.NetworkingConfig?.EndpointsConfig ?? {}).map(normalise);
  if (peer !== undefined) {
    checkEndpoints(mode, endpoints);
    return { mode: 'container', peer: findContainerId(peer) ?? peer };
  }
  if (mode !== 'bridge' && mode !== 'host' && mode !== 'none') throw new NetworkMissingError(mode);
  checkEndpoints(mode, endpoints);
  return { mode: request.NetworkDisabled === true ? 'none' : mode };
}

/** `NetworkMode` as `inspect` shows it. */
export function networkModeText({ mode, peer }: NetworkChoice): string {
  return mode === 'container' ? `container:${peer ?? ''}` : mode;
}

function checkEndpoints(mode: string, endpoints: readonly string[]): void {
  for (const network of endpoints) {
    if (network === mode) continue;
    if (!['bridge', 'host', 'none'].includes(network)) throw new NetworkMissingError(network);
    throw new InvalidOptionError(
      `conflicting options: the container is to be on the networks ${mode} and ${network}`,
      { option: 'NetworkingConfig.EndpointsConfig' },
    );
  }
}

function normalise(name: string): string {
  return name === '' || name === 'default' ? 'bridge' : name;
}
