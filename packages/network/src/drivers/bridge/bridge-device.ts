import { randomBytes } from 'node:crypto';
import { readdirSync } from 'node:fs';
import {
  addAddress,
  changeLink,
  createBridge,
  findLink,
  isErrno,
  type LinkAddress,
  listAddresses,
  type NetlinkSocket,
  readSysctl,
  removeAddress,
  writeSysctl,
} from '@gantry/kernel';
import { BridgeConfigurationError } from '../../errors.ts';
import { type Family, parseAddress } from '../../ipam/subnet.ts';

/** What the bridge is to be. */
export interface BridgePlan {
  name: string;
  /** With their prefixes: `172.17.0.1/16`. A family without one has no address. */
  addresses: Readonly<Record<Family, string | undefined>>;
  /** Whether IPv6 passes it, with an address of its own or without. */
  ipv6: boolean;
  mtu: number | undefined;
  /** Its ports are isolated: the host answers for all of them, and its rules decide which packets go on. */
  isolated: boolean;
  /** Whether to turn the host's forwarding on. */
  forwardPackets: boolean;
  /** Text that says whose it is; nothing when the bridge is not ours to mark. */
  alias?: string;
  /** See `bridgeGroups`; missing: as it is. */
  group?: number;
}

/**
 * Makes the bridge as planned, or brings the one that is there in line: up, these addresses alone, packets of 127/8
 * routed (for ports published on 127.0.0.1), forwarding on if wanted. Idempotent. Returns the index of the link.
 */
export function ensureBridge(socket: NetlinkSocket, plan: BridgePlan): number {
  const { name, mtu, alias, group } = plan;
  const present = findLink(socket, name);
  if (present !== undefined && present.kind !== 'bridge') {
    throw new BridgeConfigurationError(
      name,
      `existing interface ${name} is not a bridge${present.kind && ` but a ${present.kind}`}`,
    );
  }
  const isNew = present === undefined;
  if (isNew)
    socket.request(
      createBridge({ name, macAddress: randomMacAddress(), ...(mtu === undefined ? {} : { mtu }) }),
    );
  const link = present ?? findLink(socket, name);
  const linkIndex = link?.index ?? 0;
  if (alias !== undefined && link?.alias !== alias) socket.request(changeLink(linkIndex, { alias }));
  if (group !== undefined) socket.request(changeLink(linkIndex, { group }));
  forward(plan);
  const present4 = isNew ? [] : addressesOf(socket, linkIndex);
  const wanted = ([4, 6] as const).flatMap((family) => wantedAddress(linkIndex, plan.addresses[family]));
  const stale = present4.filter(
    (have) =>
      !wanted.some((want) => want.address === have.address && want.prefixLength === have.prefixLength),
  );
  socket.request(
    ...stale.map(removeAddress),
    ...wanted.map((address) => addAddress({ ...address, known: true })),
    changeLink(linkIndex, { up: true }),
  );
  return linkIndex;
}

/** The IPv4 address that a bridge of this name has already, with its prefix. */
export function presentAddress(socket: NetlinkSocket, name: string): string | undefined {
  const link = findLink(socket, name);
  const found =
    link && addressesOf(socket, link.index).find(({ address }) => parseAddress(address)?.family === 4);
  return found && `${found.address}/${found.prefixLength}`;
}

/** Those that somebody gave it: IPv6 link-local ones come by themselves. */
function addressesOf(socket: NetlinkSocket, linkIndex: number): LinkAddress[] {
  return listAddresses(socket).filter(
    (entry) => entry.linkIndex === linkIndex && !entry.address.startsWith('fe80:'),
  );
}

function wantedAddress(linkIndex: number, cidr: string | undefined): LinkAddress[] {
  const [address = '', prefix = ''] = cidr?.split('/') ?? [];
  return cidr === undefined ? [] : [{ linkIndex, address, prefixLength: Number(prefix) }];
}

/** A host that takes its own default route from router advertisements goes on doing so when it forwards (accept_ra 2). */
function forward({ name, ipv6, isolated, forwardPackets }: BridgePlan): void {
  // RFC 3069. Without the delay, which is random, a first packet would wait up to 0.8 s.
  set(['net', 'ipv4', 'conf', name, 'proxy_arp_pvlan'], isolated ? '1' : '0');
  if (isolated) set(['net', 'ipv4', 'neigh', name, 'proxy_delay'], '0');
  set(['net', 'ipv6', 'conf', name, 'disable_ipv6'], ipv6 ? '0' : '1', { optional: true });
  set(['net', 'ipv4', 'conf', name, 'route_localnet'], '1');
  if (!forwardPackets) return;
  set(['net', 'ipv4', 'ip_forward'], '1');
  if (!ipv6 || readSysctl(['net', 'ipv6', 'conf', 'all', 'forwarding']) === '1') return;
  for (const interfaceName of interfacesOfHost()) {
    const setting = ['net', 'ipv6', 'conf', interfaceName, 'accept_ra'];
    if (readSysctl(setting) === '1') set(setting, '2');
  }
  set(['net', 'ipv6', 'conf', 'default', 'forwarding'], '1');
  set(['net', 'ipv6', 'conf', 'all', 'forwarding'], '1');
}

function interfacesOfHost(): string[] {
  return readdirSync('/proc/sys/net/ipv6/conf').filter((name) => name !== 'all' && name !== 'default');
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
