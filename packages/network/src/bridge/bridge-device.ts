import { randomBytes } from 'node:crypto';
import {
  addAddress,
  changeLink,
  createBridge,
  findLink,
  isErrno,
  type LinkAddress,
  listAddresses,
  listRoutes,
  type NetlinkSocket,
  readSysctl,
  removeAddress,
  writeSysctl,
} from '@gantry/kernel';
import { BridgeConfigurationError } from '../errors.ts';
import { chooseSubnet } from '../ipam/default-pools.ts';
import {
  formatIPv4,
  formatSubnet,
  overlap,
  parseCidr,
  parseIPv4,
  type Subnet,
  subnetOf,
} from '../ipam/subnet.ts';

/** What the bridge is to be. */
export interface BridgePlan {
  name: string;
  gateway: number;
  subnet: Subnet;
}

export interface BridgeWishes {
  name: string;
  /** `--bip`: the gateway with its prefix. */
  bip?: string;
  /** What was chosen before, as `bip`. */
  earlier?: string;
}

/**
 * Decides the bridge's address: what is configured; what was chosen before, if it is still free; what a bridge of that name has already; the
 * first of Docker's default pools that overlaps no route of the host. Throws `BridgeConfigurationError`,
 * `NoSubnetLeftError`.
 */
export function planBridge(socket: NetlinkSocket, { name, bip, earlier }: BridgeWishes): BridgePlan {
  if (!/^[A-Za-z][\w.-]{0,14}$/.test(name))
    throw new BridgeConfigurationError(name, 'invalid interface name');
  const wish = bip ?? stillFree(socket, { name, earlier }) ?? presentAddress(socket, name);
  if (wish === undefined) {
    const subnet = chooseSubnet(routedSubnets(socket));
    return { name, gateway: subnet.base + 1, subnet };
  }
  const parsed = parseCidr(wish);
  if (parsed === undefined || parsed.subnet.prefixLength < 8 || parsed.subnet.prefixLength > 29) {
    throw new BridgeConfigurationError(
      name,
      `invalid bridge address ${wish}: expected such as 172.17.0.1/16`,
    );
  }
  const { address: gateway, subnet } = parsed;
  const isHost = gateway > subnet.base && gateway < subnet.base + 2 ** (32 - subnet.prefixLength) - 1;
  if (!isHost)
    throw new BridgeConfigurationError(
      name,
      `${wish} is not an address of a host in ${formatSubnet(subnet)}`,
    );
  return { name, gateway, subnet };
}

/**
 * Makes the bridge as planned, or brings the one that is there in line: up, this IPv4 address alone, no IPv6, packets
 * of 127/8 routed (for ports published on 127.0.0.1), forwarding on. Idempotent. Returns the index of the link.
 */
export function ensureBridge(socket: NetlinkSocket, { name, gateway, subnet }: BridgePlan): number {
  const present = findLink(socket, name);
  if (present !== undefined && present.kind !== 'bridge') {
    throw new BridgeConfigurationError(
      name,
      `an interface of that name is no bridge${present.kind && ` but a ${present.kind}`}`,
    );
  }
  if (present === undefined) socket.request(createBridge({ name, macAddress: randomMacAddress() }));
  const linkIndex = present?.index ?? findLink(socket, name)?.index ?? 0;
  const wanted: LinkAddress = { linkIndex, address: formatIPv4(gateway), prefixLength: subnet.prefixLength };
  const stale = ipv4Of(socket, linkIndex).filter(
    ({ address, prefixLength }) => address !== wanted.address || prefixLength !== wanted.prefixLength,
  );
  set(['net', 'ipv6', 'conf', name, 'disable_ipv6'], '1', { optional: true });
  set(['net', 'ipv4', 'conf', name, 'route_localnet'], '1');
  set(['net', 'ipv4', 'ip_forward'], '1');
  socket.request(...stale.map(removeAddress), addAddress(wanted), changeLink(linkIndex, { up: true }));
  return linkIndex;
}

/** The earlier choice, unless the bridge is gone and the host has routes there since. */
function stillFree(
  socket: NetlinkSocket,
  { name, earlier }: { name: string; earlier: string | undefined },
): string | undefined {
  const chosen = earlier === undefined ? undefined : parseCidr(earlier);
  if (chosen === undefined || findLink(socket, name) !== undefined) return earlier;
  return routedSubnets(socket).some((taken) => overlap(taken, chosen.subnet)) ? undefined : earlier;
}

function presentAddress(socket: NetlinkSocket, name: string): string | undefined {
  const link = findLink(socket, name);
  const [found] = link === undefined ? [] : ipv4Of(socket, link.index);
  return found && `${found.address}/${found.prefixLength}`;
}

function ipv4Of(socket: NetlinkSocket, linkIndex: number): LinkAddress[] {
  return listAddresses(socket).filter(
    (entry) => entry.linkIndex === linkIndex && parseIPv4(entry.address) !== undefined,
  );
}

/** What the host has routes to, the default route aside. */
function routedSubnets(socket: NetlinkSocket): Subnet[] {
  return listRoutes(socket).flatMap(({ destination }) => {
    const address = destination && parseIPv4(destination.address);
    if (address === undefined || !destination?.prefixLength) return [];
    return [subnetOf(address, destination.prefixLength)];
  });
}

/** Writes only what differs: /proc/sys may be read-only and already right. */
function set(name: readonly string[], value: string, options: { optional?: boolean } = {}): void {
  try {
    if (readSysctl(name) !== value) writeSysctl(name, value);
  } catch (error) {
    if (options.optional !== true || !isErrno(error, 'ENOENT')) throw error;
  }
}

/** Fixed for the bridge's life: a bridge without one of its own changes it with every port. */
function randomMacAddress(): string {
  return ['02', '42', ...Array.from(randomBytes(4), (byte) => byte.toString(16).padStart(2, '0'))].join(':');
}
