import { constants } from 'node:os';
import { isErrno, KernelError } from '../ffi/errno.ts';
import { check, lastErrno } from '../ffi/libc.ts';
import { encodeAddress, familyOf } from '../netlink/ip-address.ts';
import { closeDescriptor } from '../processes/descriptors.ts';
import { boundPort, encodeSocketAddress } from './socket-address.ts';
import { setSocketOption, socketCalls, socketFlags, socketLevel } from './socket-calls.ts';

/**
 * A socket as a bare descriptor, to be handed to Node.js (`dgram.Socket.bind({ fd })`, `net.Server.listen({ fd })`,
 * `new net.Socket({ fd })`), which then closes it. A socket belongs to the network namespace that its maker's thread was in,
 * so these are made inside `withNetworkNamespace`, where Node's own calls would come too late.
 */
export interface BoundSocket {
  fd: number;
  port: number;
}

const flags = socketFlags.closeOnExec | socketFlags.nonBlock;
const kinds = { tcp: 1, udp: 2 } as const;
const SO_RCVBUF = 8;
const SO_RCVBUFFORCE = 33;

/**
 * Binds a socket that does not listen yet. Port 0: any free one. `receiveBytes`: how much may wait to be read, whatever
 * the host allows others (or as much as it allows them, where this process may not ask for more). Throws a `KernelError`, `EADDRINUSE` above all.
 */
export function bindSocket(
  protocol: keyof typeof kinds,
  address: string,
  port: number,
  { receiveBytes }: { receiveBytes?: number } = {},
): BoundSocket {
  const subject = `${address}:${port}/${protocol}`;
  const name = encodeSocketAddress(address, port);
  const fd = open(protocol, address);
  try {
    if (receiveBytes !== undefined) setReceiveBuffer(fd, receiveBytes, subject);
    check(socketCalls.bind(fd, name, name.length), 'bind', subject);
    return { fd, port: port === 0 ? boundPort(fd, subject) : port };
  } catch (error) {
    closeDescriptor(fd);
    throw error;
  }
}

/** A UDP socket of the family of `address`, neither bound nor connected. */
export function openDatagramSocket(address: string): number {
  return open('udp', address);
}

/**
 * Begins a TCP connection and does not wait for it: reads and writes wait. Throws a `KernelError` for what fails at once,
 * such as `ENETUNREACH`.
 */
export function connectSocket(address: string, port: number): number {
  const name = encodeSocketAddress(address, port);
  const fd = open('tcp', address);
  if (socketCalls.connect(fd, name, name.length) === 0) return fd;
  const errno = lastErrno();
  if (errno === constants.errno.EINPROGRESS) return fd;
  closeDescriptor(fd);
  throw new KernelError('connect', errno, `${address}:${port}/tcp`);
}

function setReceiveBuffer(fd: number, sizeBytes: number, subject: string): void {
  const option = { level: socketLevel, value: sizeBytes };
  try {
    setSocketOption(fd, { ...option, name: SO_RCVBUFFORCE }, subject);
  } catch (error) {
    if (!isErrno(error, 'EPERM')) throw error;
    setSocketOption(fd, { ...option, name: SO_RCVBUF }, subject);
  }
}

function open(protocol: keyof typeof kinds, address: string): number {
  const family = familyOf(encodeAddress(address.split('%')[0] ?? ''));
  return check(socketCalls.socket(family, kinds[protocol] | flags, 0), 'socket', `${address}/${protocol}`);
}
