import { randomBytes } from 'node:crypto';
import { interfacePrefix } from '../drivers/bridge/bridge-options.ts';
import { EndpointExistsError, InvalidEndpointError, NetworkNotAttachableError } from '../errors.ts';
import { macAddressOf } from '../ipam/address-pool.ts';
import type { GivenAddress } from '../ipam/network-addresses.ts';
import { parseAddress } from '../ipam/subnet.ts';
import type { EndpointRequest } from '../network-controller.ts';
import type { LiveNetwork, NetworkRegistry } from '../networks/network-registry.ts';
import { checkEndpointWish, wantedInterfaceName } from './endpoint-wish.ts';
import type { JoinedEndpoint } from './gateways.ts';
import type { AddressRecord, EndpointRecord } from './sandbox-record.ts';

/**
 * Takes a place on a network: addresses, names, an id. In memory, at once; `giveUpEndpoint` takes it back. Throws what
 * `checkEndpointWish` and the addresses throw, `EndpointExistsError`, `NetworkNotAttachableError`.
 */
export function planEndpoint(
  registry: NetworkRegistry,
  { containerId, others }: { containerId: string; others: readonly EndpointRecord[] },
  wish: EndpointRequest,
): JoinedEndpoint {
  const network = registry.joinable(wish.network === 'default' ? 'bridge' : wish.network);
  const { record, driver, endpoints } = network;
  if (driver === undefined) throw new NetworkNotAttachableError(record.name);
  if (endpoints.has(containerId)) throw new EndpointExistsError(wish.dnsNames[0] ?? containerId, record.name);
  checkEndpointWish(wish, record);
  const interfaceName = chooseInterfaceName(wish, network, others);
  const addresses = takeAddresses(network, wish);
  const endpointId = randomBytes(32).toString('hex');
  const endpoint: EndpointRecord = {
    endpointId,
    networkId: record.id,
    hostInterface: `veth${endpointId.slice(0, 11)}`,
    interfaceName,
    macAddress: driver.sharesMacAddress === true ? '' : macOf(wish.macAddress, addresses.ipv4),
    ...addresses,
    linkLocalAddresses: wish.linkLocalAddresses ?? [],
    dnsNames: wish.dnsNames,
    links: Object.fromEntries(wish.links),
    ...(wish.linkedTo && { linkedTo: wish.linkedTo }),
    gatewayPriority: wish.gatewayPriority,
    driverOptions: wish.driverOptions,
  };
  endpoints.set(containerId, endpoint);
  return { endpoint, network };
}

/** Gives the place back: the addresses are free. Idempotent. */
export function giveUpEndpoint(containerId: string, { endpoint, network }: JoinedEndpoint): void {
  if (network.endpoints.get(containerId)?.endpointId !== endpoint.endpointId) return;
  network.endpoints.delete(containerId);
  for (const own of [endpoint.ipv4, endpoint.ipv6]) {
    if (own !== undefined) network.addresses.release(own.address, endpoint.hostInterface);
  }
}

function takeAddresses(
  { record, driver, addresses }: LiveNetwork,
  wish: EndpointRequest,
): Pick<EndpointRecord, 'ipv4' | 'ipv6'> {
  const way = driver?.defaultRoute(record) ?? 'none';
  const withWay = ({ address, prefixLength, gateway }: GivenAddress): AddressRecord => ({
    address,
    prefixLength,
    ...(way === 'gateway' && gateway !== undefined && { gateway }),
    ...(way === 'device' && { byDevice: true as const }),
  });
  const take = (family: 4 | 6, text = ''): AddressRecord | undefined =>
    addresses.has(family) ? withWay(addresses.take(family, text === '' ? undefined : text)) : undefined;
  const ipv4 = take(4, wish.ipv4Address);
  try {
    const ipv6 = take(6, wish.ipv6Address);
    return { ...(ipv4 && { ipv4 }), ...(ipv6 && { ipv6 }) };
  } catch (error) {
    if (ipv4 !== undefined) addresses.release(ipv4.address, '');
    throw error;
  }
}

/** The name that is asked for, or the first free one of the network's prefix. */
function chooseInterfaceName(
  wish: EndpointRequest,
  { record }: LiveNetwork,
  others: readonly EndpointRecord[],
): string {
  const taken = new Set(['lo', ...others.map(({ interfaceName }) => interfaceName)]);
  const wanted = wantedInterfaceName(wish);
  if (wanted !== undefined) {
    if (taken.has(wanted)) throw new InvalidEndpointError(`interface name ${wanted} is already in use`);
    return wanted;
  }
  const prefix = interfacePrefix(record.options);
  for (let index = 0; ; index++) {
    const name = `${prefix}${index}`;
    if (!taken.has(name)) return name;
  }
}

/** What is asked for; Docker's of an IPv4 address; a random one of the same kind where there is none. */
function macOf(wish: string = '', ipv4: AddressRecord | undefined): string {
  if (wish !== '') return wish.toLowerCase();
  const value = ipv4 === undefined ? undefined : parseAddress(ipv4.address)?.value;
  return macAddressOf(value ?? BigInt(randomBytes(4).readUInt32BE()));
}
