import type { ContainerCreateRequest } from '@gantry/api-types';
import { InvalidOptionError, NetworkMissingError, OptionNotBuiltError } from '../../errors.ts';
import type { ContainerNetwork } from '../../state/container-record.ts';

/**
 * The network of a create request: `default` and nothing mean `bridge`. Throws `NetworkMissingError` for any other name,
 * `OptionNotBuiltError` for another container's network.
 */
export function networkMode(request: ContainerCreateRequest): ContainerNetwork['mode'] {
  const mode = normalise(request.HostConfig?.NetworkMode ?? '');
  if (mode.startsWith('container:')) throw new OptionNotBuiltError('HostConfig.NetworkMode', mode);
  if (mode !== 'bridge' && mode !== 'host' && mode !== 'none') throw new NetworkMissingError(mode);
  const endpoints = Object.keys(request.NetworkingConfig?.EndpointsConfig ?? {}).map(normalise);
  for (const network of endpoints) {
    if (network === mode) continue;
    if (!['bridge', 'host', 'none'].includes(network)) throw new NetworkMissingError(network);
    throw new InvalidOptionError(
      `conflicting options: the container is to be on the networks ${mode} and ${network}`,
      { option: 'NetworkingConfig.EndpointsConfig' },
    );
  }
  return mode;
}

function normalise(name: string): string {
  return name === '' || name === 'default' ? 'bridge' : name;
}
