import { bind, check, type NativeFunction } from '../ffi/libc.ts';

/** libc's calls on sockets. Addresses are encoded (`struct sockaddr_*`); descriptors are closed by `closeDescriptor`. */
export const socketCalls: Readonly<Record<SocketCall, NativeFunction>> = {
  socket: bind('int socket(int domain, int type, int protocol)'),
  bind: bind('int bind(int fd, const uint8_t *address, uint32_t length)'),
  connect: bind('int connect(int fd, const uint8_t *address, uint32_t length)'),
  listen: bind('int listen(int fd, int backlog)'),
  accept: bind('int accept4(int fd, uint8_t *address, uint8_t *length, int flags)'),
  shutdown: bind('int shutdown(int fd, int how)'),
  setsockopt: bind('int setsockopt(int fd, int level, int name, const uint8_t *value, uint32_t length)'),
  getsockname: bind('int getsockname(int fd, uint8_t *address, uint8_t *length)'),
  send: bind('int64_t send(int fd, const uint8_t *data, size_t length, int flags)'),
  recv: bind('int64_t recv(int fd, uint8_t *data, size_t length, int flags)'),
  /** `header` is the address of a `struct msghdr` in native memory. */
  sendmsg: bind('int64_t sendmsg(int fd, int64_t header, int flags)'),
  recvmsg: bind('int64_t recvmsg(int fd, int64_t header, int flags)'),
};

type SocketCall =
  | 'socket'
  | 'bind'
  | 'connect'
  | 'listen'
  | 'accept'
  | 'shutdown'
  | 'setsockopt'
  | 'getsockname'
  | 'send'
  | 'recv'
  | 'sendmsg'
  | 'recvmsg';

/** `bits/socket.h`, the same on every machine that Node.js runs on. */
export const socketFlags = { closeOnExec: 0o2000000, nonBlock: 0o4000 } as const;
export const messageFlags = { dontWait: 0x40, noSignal: 0x4000, closeOnExec: 0x40000000 } as const;
export const socketLevel = 1;

/** An option of a socket that is a number (or a flag: 0 or 1). */
export interface SocketOption {
  level: number;
  name: number;
  value: number;
}

/** Throws `KernelError`. */
export function setSocketOption(fd: number, { level, name, value }: SocketOption, subject: string): void {
  const encoded = Buffer.alloc(4);
  encoded.writeUInt32LE(value);
  check(socketCalls.setsockopt(fd, level, name, encoded, encoded.length), 'setsockopt', subject);
}
