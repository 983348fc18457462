import { isIP } from 'node:net';
import { decodeAddress, encodeAddress } from '@gantry/kernel';

/** IPv4 or IPv6. */
export type Family = 4 | 6;

/** An address as a number of its family. */
export interface Address {
  family: Family;
  value: bigint;
}

/** Addresses that begin with the same bits. */
export interface Subnet {
  family: Family;
  /** The first address. */
  base: bigint;
  prefixLength: number;
}

/** `172.17.0.2` or `fd00::2` as a number; undefined for anything else, zones included. */
export function parseAddress(text: string): Address | undefined {
  const family = isIP(text);
  if ((family !== 4 && family !== 6) || text.includes('%')) return undefined;
  return { family, value: BigInt(`0x${encodeAddress(text).toString('hex')}`) };
}

export function formatAddress({ family, value }: Address): string {
  return decodeAddress(Buffer.from(value.toString(16).padStart(family === 4 ? 8 : 32, '0'), 'hex'));
}

/** `172.17.0.1/16` as the address and its subnet; undefined for anything else. */
export function parseCidr(text: string): { address: Address; subnet: Subnet } | undefined {
  const [, ip = '', prefix = ''] = /^([\da-fA-F.:]+)\/(\d{1,3})$/.exec(text) ?? [];
  const address = parseAddress(ip);
  const prefixLength = Number(prefix);
  if (address === undefined || prefixLength > bitsOf(address.family)) return undefined;
  return { address, subnet: subnetOf(address, prefixLength) };
}

/** The subnet of a text that is known to be one. */
export function subnetFrom(cidr: string): Subnet {
  const parsed = parseCidr(cidr);
  if (parsed === undefined) throw new RangeError(`no subnet: ${cidr}`);
  return parsed.subnet;
}

/** The subnet of `prefixLength` that `address` lies in. */
export function subnetOf({ family, value }: Address, prefixLength: number): Subnet {
  const host = BigInt(bitsOf(family) - prefixLength);
  return { family, base: (value >> host) << host, prefixLength };
}

/** `172.17.0.0/16`. */
export function formatSubnet({ family, base, prefixLength }: Subnet): string {
  return `${formatAddress({ family, value: base })}/${prefixLength}`;
}

/** How many addresses the subnet has. */
export function sizeOf({ family, prefixLength }: Pick<Subnet, 'family' | 'prefixLength'>): bigint {
  return 1n << BigInt(bitsOf(family) - prefixLength);
}

/** The last address: of IPv4 the broadcast address. */
export function lastOf(subnet: Subnet): bigint {
  return subnet.base + sizeOf(subnet) - 1n;
}

export function contains(subnet: Subnet, { family, value }: Address): boolean {
  return subnet.family === family && value >= subnet.base && value <= lastOf(subnet);
}

export function overlap(one: Subnet, other: Subnet): boolean {
  const startOf = ({ family, base }: Subnet): Address => ({ family, value: base });
  return contains(one, startOf(other)) || contains(other, startOf(one));
}

export function bitsOf(family: Family): number {
  return family === 4 ? 32 : 128;
}
