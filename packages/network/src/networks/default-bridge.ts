import type { DefaultBridgePlan } from '../drivers/bridge/plan-default-bridge.ts';
import { BridgeConfigurationError } from '../errors.ts';
import type { DefaultPools } from '../ipam/default-pools.ts';
import {
  contains,
  formatAddress,
  formatSubnet,
  overlap,
  parseAddress,
  parseCidr,
  type Subnet,
  subnetFrom,
} from '../ipam/subnet.ts';
import type { NetworkSubnet } from './network-record.ts';

/** dockerd's options of the default bridge. */
export interface DefaultBridgeSettings {
  /** In the place of the network's own, by Docker's names: `com.docker.network.driver.mtu` … */
  options?: Readonly<Record<string, string>>;
  /** `fixed-cidr`: the part of the subnet that containers get addresses from. */
  fixedCidr?: string;
  /** `default-gateway`: the containers' way out, in the place of the bridge. */
  defaultGateway?: string;
  ipv6?: boolean;
  /** `bip6`: the bridge's IPv6 address with its prefix. */
  bip6?: string;
  /** `fixed-cidr-v6`: the IPv6 subnet, or with `bip6` the part of it that containers get addresses from. */
  fixedCidrV6?: string;
  /** `default-gateway-v6` */
  defaultGatewayV6?: string;
}

export interface DefaultBridgeContext {
  /** The interface, for error texts. */
  bridge: string;
  pools: DefaultPools;
  /** Subnets of other networks. */
  taken: readonly Subnet[];
  /** Subnets that the host has routes to. */
  hostSubnets: () => readonly Subnet[];
  /** The IPv6 address with its prefix that was chosen before, if one was. */
  earlier6: string | undefined;
}

/** The default bridge's subnets: IPv4 as planned, and IPv6 when it is asked for. Throws `BridgeConfigurationError`. */
export function defaultBridgeSubnets(
  plan: DefaultBridgePlan,
  settings: DefaultBridgeSettings,
  context: DefaultBridgeContext,
): NetworkSubnet[] {
  const first = {
    ...plan,
    ...rangeOf(plan.subnet, { key: 'fixed-cidr', range: settings.fixedCidr, ...context }),
    ...gatewayOf(plan.subnet, { key: 'default-gateway', gateway: settings.defaultGateway, ...context }),
  };
  return settings.ipv6 === true ? [first, ipv6Subnet(settings, context)] : [first];
}

function ipv6Subnet(settings: DefaultBridgeSettings, context: DefaultBridgeContext): NetworkSubnet {
  const { bip6, fixedCidrV6, defaultGatewayV6 } = settings;
  const { bridge } = context;
  const whole = bip6 ?? fixedCidrV6 ?? stillFree(context) ?? chosen(context);
  const parsed = parseCidr(whole);
  if (parsed === undefined || parsed.subnet.family !== 6) {
    throw new BridgeConfigurationError(bridge, `invalid IPv6 subnet ${whole}: expected such as fd00:17::/64`);
  }
  const subnet = formatSubnet(parsed.subnet);
  const { base } = parsed.subnet;
  const own = parsed.address.value === base ? base + 1n : parsed.address.value;
  return {
    subnet,
    gateway: formatAddress({ family: 6, value: bip6 === undefined ? base + 1n : own }),
    ...(bip6 !== undefined && rangeOf(subnet, { key: 'fixed-cidr-v6', range: fixedCidrV6, bridge })),
    ...gatewayOf(subnet, { key: 'default-gateway-v6', gateway: defaultGatewayV6, bridge }),
  };
}

function stillFree({ earlier6, taken }: DefaultBridgeContext): string | undefined {
  if (earlier6 === undefined) return undefined;
  const subnet = subnetFrom(earlier6);
  return taken.some((other) => overlap(other, subnet)) ? undefined : earlier6;
}

function chosen({ pools, taken, hostSubnets }: DefaultBridgeContext): string {
  return formatSubnet(pools.choose(6, [...taken, ...hostSubnets()]));
}

function rangeOf(
  subnet: string,
  { key, range, bridge }: { key: string; range: string | undefined; bridge: string },
): Pick<NetworkSubnet, 'ipRange'> {
  if (range === undefined) return {};
  const [whole, part] = [subnetFrom(subnet), parseCidr(range)?.subnet];
  const inside = part !== undefined && part.prefixLength >= whole.prefixLength && overlap(whole, part);
  if (!inside) throw new BridgeConfigurationError(bridge, `${key}: ${range} is no part of ${subnet}`);
  return { ipRange: formatSubnet(part) };
}

/** Docker keeps it as an auxiliary address, which nobody else gets. */
function gatewayOf(
  subnet: string,
  { key, gateway, bridge }: { key: string; gateway: string | undefined; bridge: string },
): Pick<NetworkSubnet, 'auxAddresses'> {
  if (gateway === undefined) return {};
  const [whole, address] = [subnetFrom(subnet), parseAddress(gateway)];
  if (address === undefined || !contains(whole, address)) {
    throw new BridgeConfigurationError(bridge, `${key}: ${gateway} is not in ${subnet}`);
  }
  return { auxAddresses: { [`DefaultGatewayIPv${whole.family}`]: gateway } };
}
