import { randomBytes } from 'node:crypto';
import type { NetworkDriver } from '../drivers/network-driver.ts';
import { InvalidNetworkError, SubnetOverlapError } from '../errors.ts';
import { AddressPool } from '../ipam/address-pool.ts';
import type { DefaultPools } from '../ipam/default-pools.ts';
import {
  type Family,
  formatAddress,
  formatSubnet,
  overlap,
  parseAddress,
  type Subnet,
  subnetFrom,
} from '../ipam/subnet.ts';
import type { NetworkCreateRequest } from '../network-controller.ts';
import { checkIpam } from './check-ipam.ts';
import type { NetworkRecord, NetworkSubnet } from './network-record.ts';

/** What a network to be made is planned with. */
export interface NetworkSurroundings {
  networks: readonly NetworkRecord[];
  pools: DefaultPools;
  /** Subnets that the host has routes to. */
  hostSubnets: () => readonly Subnet[];
  /** Whether a network that does not say is to have IPv6. */
  ipv6: () => boolean;
  driver: (name: string) => NetworkDriver;
  createdAt: string;
}

/**
 * Decides everything about a network to be made: its id, its subnets and gateways, what its driver needs to know. Makes
 * nothing. Throws `InvalidNetworkError`, `SubnetOverlapError`, `NoSubnetLeftError`, what the driver throws.
 */
export function planNetwork(wish: NetworkCreateRequest, surroundings: NetworkSurroundings): NetworkRecord {
  const { networks, createdAt } = surroundings;
  checkPlain(wish);
  const request = configured(wish, networks);
  const id = randomBytes(32).toString('hex');
  const order = Math.max(0, ...networks.map((network) => network.order)) + 1;
  const common = { ...request, id, createdAt, order, driverState: {} };
  if (request.configOnly) {
    return {
      ...common,
      driver: 'null',
      ipv6: request.ipv6 === true,
      ipam: { ...request.ipam, config: asGiven(request) },
    };
  }
  const ipv6 = request.ipv6 ?? (givenOf(request, 6).length > 0 || surroundings.ipv6());
  if (!request.ipv4 && !ipv6) throw new InvalidNetworkError('IPv4 or IPv6 must be enabled');
  checkIpam(request.ipam.config);
  const plan = surroundings.driver(request.driver).plan({ ...request, ipv6 }, { id, networks });
  const families = ([4, 6] as const).filter((family) => (family === 4 ? request.ipv4 : ipv6));
  const config = families.flatMap((family) => subnetsOf(request, family, surroundings));
  for (const family of families) {
    const count = config.filter(({ subnet }) => subnetFrom(subnet).family === family).length;
    if (count > 1 && !plan.severalSubnets) {
      throw new InvalidNetworkError(`${request.driver} driver doesn't support multiple subnets`, 'forbidden');
    }
  }
  const withGateways = config.map((each) => withGateway(each, plan.gateways));
  return { ...common, ipv6, ipam: { ...request.ipam, config: withGateways }, driverState: plan.driverState };
}

function checkPlain(wish: NetworkCreateRequest): void {
  const { name, driver, ipam, configOnly, configFrom = '' } = wish;
  if (name.trim() === '') throw new InvalidNetworkError('invalid name: name is empty');
  if (driver === 'host' || driver === 'null') {
    throw new InvalidNetworkError(`only one instance of "${driver}" network is allowed`, 'forbidden');
  }
  if (ipam.driver === 'null') throw new InvalidNetworkError('ipv4 pool is empty');
  if (ipam.driver !== '' && ipam.driver !== 'default') {
    throw new InvalidNetworkError(`plugin ${JSON.stringify(ipam.driver)} not found`, 'not-found');
  }
  if (configOnly && (wish.ingress || wish.internal || wish.attachable)) {
    throw new InvalidNetworkError(
      'configuration network can only contain network specific fields. Network operator fields like [ ingress | internal | attachable | scope ] are not supported.',
      'forbidden',
    );
  }
  if (configOnly && configFrom !== '') {
    throw new InvalidNetworkError(
      'a configuration network depends on another configuration network',
      'forbidden',
    );
  }
}

/** The request with what its configuration network says. */
function configured(wish: NetworkCreateRequest, networks: readonly NetworkRecord[]): NetworkCreateRequest {
  const { configFrom = '' } = wish;
  if (configFrom === '') return wish;
  const template = networks.find(({ name, id }) => name === configFrom || id === configFrom);
  if (template?.configOnly !== true) {
    const message = `configuration network ${JSON.stringify(configFrom)} does not exist`;
    throw new InvalidNetworkError(message, 'not-found');
  }
  const isEmpty = (record: Readonly<Record<string, string>>): boolean => Object.keys(record).length === 0;
  const { ipam, labels, options } = wish;
  if (
    wish.ipv6 === true ||
    ipam.config.length > 0 ||
    !isEmpty(ipam.options) ||
    !isEmpty(labels) ||
    !isEmpty(options)
  ) {
    throw new InvalidNetworkError(
      'user specified configurations are not supported if the network depends on a configuration network',
      'forbidden',
    );
  }
  const { ipv4, ipv6 } = template;
  return {
    ...wish,
    ipv4,
    ipv6,
    ipam: template.ipam,
    options: template.options,
    labels: template.labels,
    configFrom: template.name,
  };
}

function asGiven({ ipam }: NetworkCreateRequest): NetworkSubnet[] {
  checkIpam(ipam.config);
  return ipam.config.map((config) => ({ ...config, subnet: config.subnet ?? '' }));
}

/** The subnets that the request names, of one family. */
function givenOf({ ipam }: NetworkCreateRequest, family: Family): NetworkSubnet[] {
  return ipam.config.flatMap(({ subnet = '', ipRange = '', gateway = '', auxAddresses }) => {
    const address = parseAddress(subnet.split('/')[0] ?? '');
    if (address?.family !== family) return [];
    return [
      {
        subnet,
        ...(ipRange !== '' && { ipRange }),
        ...(gateway !== '' && { gateway }),
        ...(auxAddresses !== undefined && { auxAddresses }),
      },
    ];
  });
}

function subnetsOf(
  request: NetworkCreateRequest,
  family: Family,
  { networks, pools, hostSubnets }: NetworkSurroundings,
): NetworkSubnet[] {
  const others = networks.flatMap(({ name, configOnly, ipam }) =>
    configOnly ? [] : ipam.config.map(({ subnet }) => ({ name, subnet: subnetFrom(subnet) })),
  );
  const given = givenOf(request, family);
  if (given.length === 0) {
    const taken = [...hostSubnets(), ...others.map(({ subnet }) => subnet)];
    return [{ subnet: formatSubnet(pools.choose(family, taken)), chosen: true }];
  }
  for (const [index, { subnet }] of given.entries()) {
    const wanted = subnetFrom(subnet);
    const rival = others.find((other) => overlap(other.subnet, wanted));
    if (rival !== undefined) throw new SubnetOverlapError(subnet, rival.name);
    const twice = given.some((other, at) => at < index && overlap(subnetFrom(other.subnet), wanted));
    if (twice) throw new SubnetOverlapError(subnet, request.name);
  }
  return given;
}

/** A gateway cannot have the subnet's own address, nor the broadcast address of IPv4. */
function refuseOwnAddress(gateway: string | undefined, subnet: Subnet): void {
  const address = gateway === undefined ? undefined : parseAddress(gateway);
  if (address === undefined || new AddressPool(subnet).hold(address.value)) return;
  throw new InvalidNetworkError(
    `failed to allocate gateway (${gateway}): Address already in use`,
    'forbidden',
  );
}

/** The gateway that is named, or the first address that nobody else has. */
function withGateway(config: NetworkSubnet, gateways: readonly Family[]): NetworkSubnet {
  const subnet = subnetFrom(config.subnet);
  refuseOwnAddress(config.gateway, subnet);
  if (config.gateway !== undefined || !gateways.includes(subnet.family)) return config;
  const reserved = Object.values(config.auxAddresses ?? {}).map((text) => parseAddress(text)?.value ?? 0n);
  const range = config.ipRange === undefined ? subnet : subnetFrom(config.ipRange);
  const value = new AddressPool(subnet, { reserved, range }).take();
  if (value === undefined) {
    throw new InvalidNetworkError(
      `failed to allocate gateway: no available IPv${subnet.family} addresses on ${config.subnet}`,
    );
  }
  const { subnet: text, ipRange, ...rest } = config;
  const gateway = formatAddress({ family: subnet.family, value });
  return { subnet: text, ...(ipRange !== undefined && { ipRange }), gateway, ...rest };
}
