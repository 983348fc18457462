import { findLink, type NetlinkSocket } from '@gantry/kernel';
import { BridgeConfigurationError } from '../../errors.ts';
import type { DefaultPools } from '../../ipam/default-pools.ts';
import { hostSubnets } from '../../ipam/host-subnets.ts';
import {
  formatAddress,
  formatSubnet,
  lastOf,
  overlap,
  parseCidr,
  type Subnet,
  subnetOf,
} from '../../ipam/subnet.ts';
import { presentAddress } from './bridge-device.ts';

/** The default bridge's subnet, and its own address there. */
export interface DefaultBridgePlan {
  /** `172.17.0.0/16`. */
  subnet: string;
  gateway: string;
}

export interface BridgeWishes {
  name: string;
  /** `--bip`: the gateway with its prefix. */
  bip?: string;
  /** What was chosen before, as `bip`. */
  earlier?: string;
  pools: DefaultPools;
  /** Subnets of other networks. */
  taken: readonly Subnet[];
}

/**
 * Decides the default bridge's address: what is configured; what was chosen before, if it is still free; what a bridge of
 * that name has already; the first of the default pools that overlaps no route of the host and no network. Throws
 * `BridgeConfigurationError`, `NoSubnetLeftError`.
 */
export function planDefaultBridge(
  socket: NetlinkSocket,
  { name, bip, earlier, pools, taken }: BridgeWishes,
): DefaultBridgePlan {
  if (!isInterfaceName(name)) throw new BridgeConfigurationError(name, 'invalid interface name');
  const wish = bip ?? stillFree(socket, { name, earlier, taken }) ?? presentAddress(socket, name);
  if (wish === undefined) {
    const subnet = pools.choose(4, [...hostSubnets(socket), ...taken]);
    return planOf(subnet, subnet.base + 1n);
  }
  const parsed = parseCidr(wish);
  if (parsed === undefined || parsed.subnet.family !== 4 || !isUsableSize(parsed.subnet)) {
    throw new BridgeConfigurationError(
      name,
      `invalid bridge address ${wish}: expected such as 172.17.0.1/16`,
    );
  }
  const { address, subnet } = parsed;
  if (address.value === subnet.base || address.value === lastOf(subnet)) {
    throw new BridgeConfigurationError(
      name,
      `${wish} is not an address of a host in ${formatSubnet(subnet)}`,
    );
  }
  return planOf(subnet, address.value);
}

/** As the kernel takes it, and nothing that a shell or nft could read as something else. */
export function isInterfaceName(name: string): boolean {
  return /^[A-Za-z][\w.-]{0,14}$/.test(name);
}

function planOf(subnet: Subnet, gateway: bigint): DefaultBridgePlan {
  return { subnet: formatSubnet(subnet), gateway: formatAddress({ family: subnet.family, value: gateway }) };
}

function isUsableSize({ prefixLength }: Subnet): boolean {
  return prefixLength >= 8 && prefixLength <= 29;
}

/** The earlier choice, unless the bridge is gone and the host has routes there since. */
function stillFree(
  socket: NetlinkSocket,
  { name, earlier, taken }: { name: string; earlier: string | undefined; taken: readonly Subnet[] },
): string | undefined {
  const chosen = earlier === undefined ? undefined : parseCidr(earlier);
  if (chosen === undefined || findLink(socket, name) !== undefined) return earlier;
  const subnet = subnetOf(chosen.address, chosen.subnet.prefixLength);
  return [...hostSubnets(socket), ...taken].some((other) => overlap(other, subnet)) ? undefined : earlier;
}
