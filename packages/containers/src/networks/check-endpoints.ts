import { EngineError, errorKind } from '@gantry/base';
import type { ContainerEnvironment } from '../environment.ts';
import { InvalidOptionError } from '../errors.ts';
import type { ContainerRecord, EndpointWish } from '../state/container-record.ts';
import { endpointRequest } from './endpoint-requests.ts';
import { isUserDefined } from './network-names.ts';

/** Checks every network of a container that is made. Throws `InvalidOptionError` that names the network, in Docker's words. */
export function checkEndpoints(environment: ContainerEnvironment, record: ContainerRecord): void {
  for (const [network, wish] of Object.entries(record.network.endpoints)) {
    try {
      checkEndpoint(environment, record, { network, wish });
    } catch (error) {
      if (!(error instanceof EngineError) || error.kind !== 'invalid') throw error;
      throw new InvalidOptionError(`invalid config for network ${network}: ${error.message}`, {
        option: 'NetworkingConfig.EndpointsConfig',
      });
    }
  }
}

/**
 * Checks what a container asks of a network; one that does not exist is asked at the start. Throws `InvalidOptionError` and
 * what the controller's `checkEndpoint` throws.
 */
export function checkEndpoint(
  { ports, registry }: ContainerEnvironment,
  record: ContainerRecord,
  { network, wish }: { network: string; wish: EndpointWish },
): void {
  if (!isUserDefined(network)) refuseOnPredefined(network, wish);
  if (network === 'host' || network === 'none') return;
  try {
    ports.network.checkEndpoint(endpointRequest(record, registry, { network, wish }));
  } catch (error) {
    if (errorKind(error) !== 'not-found') throw error;
  }
}

/** Addresses and names are for networks that users made; `host` and `none` have no interface of the container's. */
function refuseOnPredefined(
  network: string,
  { IPAMConfig, Aliases = [], MacAddress = '' }: EndpointWish,
): void {
  const hasAddress = [IPAMConfig?.IPv4Address, IPAMConfig?.IPv6Address].some(
    (address) => (address ?? '') !== '',
  );
  const reasons = [
    ...(hasAddress ? ['user specified IP address is supported on user defined networks only'] : []),
    ...(Aliases.length > 0
      ? ['network-scoped alias is supported only for containers in user defined networks']
      : []),
  ];
  if (reasons.length === 0 && MacAddress !== '' && network !== 'bridge') {
    throw new InvalidOptionError('conflicting options: mac-address and the network mode');
  }
  if (reasons.length === 0) return;
  const text = reasons.length === 1 ? reasons[0] : reasons.map((reason) => `* ${reason}`).join('\n');
  throw new InvalidOptionError(`invalid endpoint settings:\n${text}`);
}
