import { isIPv4 } from 'node:net';

/** An IPv4 address and how much of it names the network. Addresses are numbers inside, dotted text outside. */
export interface Subnet {
  /** The first address, as a number. */
  base: number;
  prefixLength: number;
}

/** `172.17.0.2` as a number; undefined for anything else. */
export function parseIPv4(text: string): number | undefined {
  if (!isIPv4(text)) return undefined;
  return text.split('.').reduce((value, octet) => value * 256 + Number(octet), 0);
}

export function formatIPv4(address: number): string {
  return [24, 16, 8, 0].map((shift) => (address >>> shift) & 255).join('.');
}

/** `172.17.0.1/16` as the address and its subnet; undefined for anything else. */
export function parseCidr(text: string): { address: number; subnet: Subnet } | undefined {
  const [, ip = '', prefix = ''] = /^([\d.]+)\/(\d{1,2})$/.exec(text) ?? [];
  const address = parseIPv4(ip);
  const prefixLength = Number(prefix);
  if (address === undefined || prefixLength > 32) return undefined;
  return { address, subnet: subnetOf(address, prefixLength) };
}

/** The subnet of `prefixLength` that `address` lies in. */
export function subnetOf(address: number, prefixLength: number): Subnet {
  return { base: address - (address % sizeOf(prefixLength)), prefixLength };
}

/** `172.17.0.0/16`. */
export function formatSubnet(subnet: Subnet): string {
  return `${formatIPv4(subnet.base)}/${subnet.prefixLength}`;
}

/** How many addresses a prefix leaves. */
export function sizeOf(prefixLength: number): number {
  return 2 ** (32 - prefixLength);
}

export function contains(subnet: Subnet, address: number): boolean {
  return address >= subnet.base && address < subnet.base + sizeOf(subnet.prefixLength);
}

export function overlap(one: Subnet, other: Subnet): boolean {
  return contains(one, other.base) || contains(other, one.base);
}
