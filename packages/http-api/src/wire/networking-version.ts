import type { ContainerCreateRequest, ContainerInspectResponse, EndpointSettings } from '@gantry/api-types';
import { InvalidRequestError } from '../errors.ts';
import { type ApiVersion, parseVersion } from '../server/api-version.ts';

/** Since then a container can be made on several networks, and has a MAC address on each. */
const severalNetworks = parseVersion('1.44');
/** Since then `Aliases` are those that were asked for, and `DNSNames` tells all names. */
const dnsNames = parseVersion('1.45');
const gatewayPriority = parseVersion('1.48');

/** Docker's warning, to clients that should know better. */
const macAddressWarning =
  'The container-wide MacAddress field is now deprecated. It should be specified in EndpointsConfig instead.';

/**
 * Puts the networks of a create request into the words of the newest version, in place: the container's MAC address is its
 * main network's, and what the request's version did not know is dropped. Returns Docker's warnings; throws
 * `InvalidRequestError`.
 */
export function modernNetworking(request: ContainerCreateRequest, version: ApiVersion): string[] {
  const endpoints = request.NetworkingConfig?.EndpointsConfig ?? {};
  const names = Object.keys(endpoints);
  if (version < severalNetworks && names.length > 1) {
    throw new InvalidRequestError(
      `Container cannot be created with multiple network endpoints: ${names.join(', ')}`,
    );
  }
  if (version < gatewayPriority) for (const name of names) delete endpoints[name]?.GwPriority;
  if (version < severalNetworks) for (const name of names) delete endpoints[name]?.MacAddress;
  const address = request.MacAddress ?? '';
  const mode = mainNetwork(request.HostConfig?.NetworkMode ?? '', endpoints);
  if (address === '' || mode.startsWith('container:')) return [];
  delete request.MacAddress;
  const warnings = version < severalNetworks ? [] : [macAddressWarning];
  if (!hasInterface(mode)) {
    if (warnings.length > 0) return warnings;
    throw new InvalidRequestError('conflicting options: mac-address and the network mode');
  }
  const network = version < severalNetworks ? (names[0] ?? mode) : mode;
  checkMacAddress(address, endpoints, network);
  const endpoint = { ...endpoints[network], MacAddress: address };
  request.NetworkingConfig = { EndpointsConfig: { ...endpoints, [network]: endpoint } };
  return warnings;
}

/** What a version before 1.45 showed of a container's names on its networks. */
export function withOldAliases(
  container: ContainerInspectResponse,
  version: ApiVersion,
): ContainerInspectResponse {
  const networks = container.NetworkSettings?.Networks;
  if (version >= dnsNames || networks === undefined) return container;
  const own = [container.Id?.slice(0, 12) ?? '', container.Config?.Hostname ?? ''];
  const Networks = Object.fromEntries(
    Object.entries(networks).map(([name, endpoint]) => [
      name,
      isUserDefined(name)
        ? { ...endpoint, Aliases: [...new Set([...(endpoint.Aliases ?? []), ...own])] }
        : endpoint,
    ]),
  );
  return { ...container, NetworkSettings: { ...container.NetworkSettings, Networks } };
}

type Endpoints = Readonly<Record<string, EndpointSettings>>;

/** The mode as the endpoints name it: `default`, `bridge` and none are one network. */
function mainNetwork(mode: string, endpoints: Endpoints): string {
  if (mode !== '' && mode !== 'default') return mode;
  return endpoints['bridge'] === undefined ? 'default' : 'bridge';
}

function checkMacAddress(address: string, endpoints: Endpoints, network: string): void {
  const own = endpoints[network];
  if (own === undefined && Object.keys(endpoints).length > 0) {
    throw new InvalidRequestError(
      'unable to migrate container-wide MAC address to a specific network: HostConfig.NetworkMode must match the identity of a network in NetworkSettings.Networks',
    );
  }
  const given = own?.MacAddress ?? '';
  if (given !== '' && given !== address) {
    throw new InvalidRequestError(
      'the container-wide MAC address must match the endpoint-specific MAC address for the main network, or be left empty',
    );
  }
}

function hasInterface(mode: string): boolean {
  return mode !== 'host' && mode !== 'none' && !mode.startsWith('container:');
}

function isUserDefined(name: string): boolean {
  return hasInterface(name) && name !== 'bridge';
}
