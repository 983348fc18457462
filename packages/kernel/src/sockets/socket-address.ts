import { constants } from 'node:os';
import { KernelError } from '../ffi/errno.ts';
import { bind, check } from '../ffi/libc.ts';
import { encodeAddress, familyOf } from '../netlink/ip-address.ts';
import { socketCalls } from './socket-calls.ts';

const nameToIndex = bind('uint32_t if_nametoindex(const char *name)');

const v4Bytes = 16;
const v6Bytes = 28;

/**
 * `struct sockaddr_in` or `struct sockaddr_in6`. An IPv6 address may name its interface (`fe80::1%eth0`), one of this
 * thread's network namespace: `ENODEV` when there is none of the name.
 */
export function encodeSocketAddress(address: string, port: number): Buffer {
  const [plain = '', zone] = address.split('%');
  const host = encodeAddress(plain);
  const encoded = Buffer.alloc(host.length === 4 ? v4Bytes : v6Bytes);
  encoded.writeUInt16LE(familyOf(host), 0);
  encoded.writeUInt16BE(port, 2);
  encoded.set(host, host.length === 4 ? 4 : 8);
  if (zone !== undefined && host.length === 16) encoded.writeUInt32LE(interfaceIndex(zone), 24);
  return encoded;
}

/** The port that a socket is bound to. */
export function boundPort(fd: number, subject: string): number {
  const address = Buffer.alloc(v6Bytes);
  check(socketCalls.getsockname(fd, address, Buffer.from([v6Bytes, 0, 0, 0])), 'getsockname', subject);
  return address.readUInt16BE(2);
}

function interfaceIndex(name: string): number {
  const index = nameToIndex(name);
  if (index === 0) throw new KernelError('if_nametoindex', constants.errno.ENODEV, name);
  return index;
}
