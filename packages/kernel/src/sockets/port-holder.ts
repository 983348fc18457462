import { isErrno } from '../ffi/errno.ts';
import { check } from '../ffi/libc.ts';
import { closeDescriptor } from '../processes/descriptors.ts';
import { boundPort, encodeSocketAddress } from './socket-address.ts';
import { setSocketOption, socketCalls, socketFlags, socketLevel } from './socket-calls.ts';

const AF_INET6 = 10;
const SO_REUSEADDR = 2;
const IPPROTO_IPV6 = 41;
const IPV6_V6ONLY = 26;
const SHUT_RDWR = 2;
const kinds = {
  tcp: { type: 1, protocol: 6 },
  udp: { type: 2, protocol: 17 },
  sctp: { type: 1, protocol: 132 },
} as const;

/** A host port that is ours until disposed: nobody else can bind it, and nothing ever arrives at it. */
export interface HeldPort extends Disposable {
  readonly port: number;
  /**
   * Gives the bound socket away, once: who takes it closes it, and may listen. What it accepts does not keep the port from
   * being held again (SO_REUSEADDR). Undefined when the port is held by name only.
   */
  take(): number | undefined;
}

/**
 * Binds a port of this thread's network namespace, never listening, and keeps it; on an IPv6 address for IPv6 alone.
 * Port 0: any free ephemeral one. Throws a `KernelError`: `EADDRINUSE`, `EADDRNOTAVAIL` when the host does not have the
 * address, `EAFNOSUPPORT` when it has no IPv6. A kernel without SCTP
 * sockets has nobody who could take an SCTP port: then the port is held by name only, and port 0 is refused
 * (`EPROTONOSUPPORT`).
 */
export function holdPort(protocol: keyof typeof kinds, address: string, port: number): HeldPort {
  try {
    return bindPort(protocol, address, port, { overTimeWait: false });
  } catch (error) {
    if (protocol === 'tcp' && port !== 0 && isErrno(error, 'EADDRINUSE')) {
      return bindPort(protocol, address, port, { overTimeWait: true });
    }
    if (protocol === 'sctp' && port !== 0 && isErrno(error, 'EPROTONOSUPPORT')) {
      return { port, take: () => undefined, [Symbol.dispose]: () => {} };
    }
    throw error;
  }
}

function bindPort(
  protocol: keyof typeof kinds,
  address: string,
  port: number,
  { overTimeWait }: { overTimeWait: boolean },
): HeldPort {
  const subject = `${address}:${port}/${protocol}`;
  const kind = kinds[protocol];
  const encoded = encodeSocketAddress(address, port);
  const fd = check(
    socketCalls.socket(encoded.readUInt16LE(0), kind.type | socketFlags.closeOnExec, kind.protocol),
    'socket',
    subject,
  );
  try {
    if (encoded.readUInt16LE(0) === AF_INET6)
      setSocketOption(fd, { level: IPPROTO_IPV6, name: IPV6_V6ONLY, value: 1 }, subject);
    if (overTimeWait) setSocketOption(fd, { ...reuse, value: 1 }, subject);
    check(socketCalls.bind(fd, encoded, encoded.length), 'bind', subject);
    if (overTimeWait) assertAlone(fd, subject);
    return heldPort(fd, protocol, port === 0 ? boundPort(fd, subject) : port);
  } catch (error) {
    closeDescriptor(fd);
    throw error;
  }
}

/**
 * A connection of a server that is gone keeps its port in TIME_WAIT for a minute, and only SO_REUSEADDR binds over it.
 * With it, bind(2) also lets two sockets share a port that neither listens on. Listening for a moment tells: it is
 * refused where anybody else holds the port. Without the option afterwards, nobody can join us.
 */
function assertAlone(fd: number, subject: string): void {
  check(socketCalls.listen(fd, 0), 'listen', subject);
  setSocketOption(fd, { ...reuse, value: 0 }, subject);
  check(socketCalls.shutdown(fd, SHUT_RDWR), 'shutdown', subject);
}

const reuse = { level: socketLevel, name: SO_REUSEADDR } as const;

function heldPort(fd: number, protocol: keyof typeof kinds, port: number): HeldPort {
  let held: number | undefined = fd;
  const letGo = (): number | undefined => {
    const descriptor = held;
    held = undefined;
    return descriptor;
  };
  const take = (): number | undefined => {
    // Of datagram sockets that say so, several can have one port.
    if (held !== undefined && protocol === 'tcp')
      setSocketOption(held, { ...reuse, value: 1 }, `port ${port}`);
    return letGo();
  };
  const close = (): void => {
    const descriptor = letGo();
    if (descriptor !== undefined) closeDescriptor(descriptor);
  };
  return { port, take, [Symbol.dispose]: close };
}
