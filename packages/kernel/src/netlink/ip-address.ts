import { isIPv4, isIPv6 } from 'node:net';
import { EngineError } from '@gantry/base';

/** Four bytes of an IPv4 address or sixteen of an IPv6 one. Throws an `invalid` error for anything else. */
export function encodeAddress(address: string): Buffer {
  if (isIPv4(address)) return Buffer.from(address.split('.').map(Number));
  if (isIPv6(address) && !address.includes('%')) return encodeV6(address);
  throw new EngineError('invalid', 'invalid-address', `invalid IP address: ${address}`);
}

/** The text of four or sixteen bytes; IPv6 by RFC 5952. */
export function decodeAddress(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join('.');
  const groups = Array.from({ length: 8 }, (_, index) =>
    (((bytes[2 * index] ?? 0) << 8) | (bytes[2 * index + 1] ?? 0)).toString(16),
  ).join(':');
  const zeros = (groups.match(/\b0(?::0)+\b/g) ?? []).sort((a, b) => b.length - a.length)[0];
  if (zeros === undefined) return groups;
  const at = groups.search(new RegExp(`\\b${zeros}\\b`));
  const head = groups.slice(0, at).replace(/:$/, '');
  const tail = groups.slice(at + zeros.length).replace(/^:/, '');
  return `${head}::${tail}`;
}

/** `AF_INET` or `AF_INET6` of an encoded address. */
export function familyOf(bytes: Uint8Array): number {
  return bytes.length === 4 ? 2 : 10;
}

function encodeV6(address: string): Buffer {
  const dotted = /(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(address);
  const plain = dotted
    ? address.slice(0, dotted.index) +
      [0, 2].map((at) => ((Number(dotted[at + 1]) << 8) | Number(dotted[at + 2])).toString(16)).join(':')
    : address;
  const [head = '', tail] = plain.split('::');
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => '0');
  const bytes = Buffer.alloc(16);
  for (const [index, group] of [...before, ...zeros, ...after].entries()) {
    bytes.writeUInt16BE(Number.parseInt(group, 16), 2 * index);
  }
  return bytes;
}
