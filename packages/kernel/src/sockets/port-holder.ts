import { isErrno } from '../ffi/errno.ts';
import { bind, check } from '../ffi/libc.ts';
import { encodeAddress } from '../netlink/ip-address.ts';

const libc = {
  socket: bind('int socket(int domain, int type, int protocol)'),
  bind: bind('int bind(int fd, const uint8_t *address, uint32_t length)'),
  listen: bind('int listen(int fd, int backlog)'),
  shutdown: bind('int shutdown(int fd, int how)'),
  getsockname: bind('int getsockname(int fd, uint8_t *address, uint8_t *length)'),
  setsockopt: bind('int setsockopt(int fd, int level, int name, const uint8_t *value, uint32_t length)'),
  close: bind('int close(int fd)'),
};

const AF_INET = 2;
const SOCK_CLOEXEC = 0o2000000;
const SOL_SOCKET = 1;
const SO_REUSEADDR = 2;
const SHUT_RDWR = 2;
const addressBytes = 16;
const kinds = {
  tcp: { type: 1, protocol: 6 },
  udp: { type: 2, protocol: 17 },
  sctp: { type: 1, protocol: 132 },
} as const;

/** A host port that is ours until disposed: nobody else can bind it, and nothing ever arrives at it. */
export interface HeldPort extends Disposable {
  readonly port: number;
}

/**
 * Binds an IPv4 port of this thread's network namespace, never listening, and keeps it. Port 0: any free one. Throws a
 * `KernelError`: `EADDRINUSE`, or `EADDRNOTAVAIL` when the host does not have the address. A kernel without SCTP
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
      return { port, [Symbol.dispose]: () => {} };
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
  const fd = check(libc.socket(AF_INET, kind.type | SOCK_CLOEXEC, kind.protocol), 'socket', subject);
  try {
    if (overTimeWait) setReuse(fd, true, subject);
    check(libc.bind(fd, socketAddress(address, port), addressBytes), 'bind', subject);
    if (overTimeWait) assertAlone(fd, subject);
    const held = port === 0 ? boundPort(fd, subject) : port;
    return { port: held, [Symbol.dispose]: closeOnce(fd) };
  } catch (error) {
    libc.close(fd);
    throw error;
  }
}

/**
 * A connection of a server that is gone keeps its port in TIME_WAIT for a minute, and only SO_REUSEADDR binds over it.
 * With it, bind(2) also lets two sockets share a port that neither listens on. Listening for a moment tells: it is
 * refused where anybody else holds the port. Without the option afterwards, nobody can join us.
 */
function assertAlone(fd: number, subject: string): void {
  check(libc.listen(fd, 0), 'listen', subject);
  setReuse(fd, false, subject);
  check(libc.shutdown(fd, SHUT_RDWR), 'shutdown', subject);
}

function setReuse(fd: number, on: boolean, subject: string): void {
  const value = Buffer.from([Number(on), 0, 0, 0]);
  check(libc.setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, value, value.length), 'setsockopt', subject);
}

/** `struct sockaddr_in`. */
function socketAddress(address: string, port: number): Buffer {
  const encoded = Buffer.alloc(addressBytes);
  encoded.writeUInt16LE(AF_INET, 0);
  encoded.writeUInt16BE(port, 2);
  encoded.set(encodeAddress(address), 4);
  return encoded;
}

function boundPort(fd: number, subject: string): number {
  const address = Buffer.alloc(addressBytes);
  const length = Buffer.from([addressBytes, 0, 0, 0]);
  check(libc.getsockname(fd, address, length), 'getsockname', subject);
  return address.readUInt16BE(2);
}

function closeOnce(fd: number): () => void {
  let open = true;
  return () => {
    if (open) libc.close(fd);
    open = false;
  };
}
