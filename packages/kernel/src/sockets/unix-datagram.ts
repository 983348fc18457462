import { constants } from 'node:os';
import { KernelError } from '../ffi/errno.ts';
import { bind, check, lastErrno } from '../ffi/libc.ts';

const libc = {
  socket: bind('int socket(int domain, int type, int protocol)'),
  bind: bind('int bind(int fd, const uint8_t *address, uint32_t length)'),
  connect: bind('int connect(int fd, const uint8_t *address, uint32_t length)'),
  send: bind('int64_t send(int fd, const uint8_t *data, size_t length, int flags)'),
  recv: bind('int64_t recv(int fd, uint8_t *data, size_t length, int flags)'),
  close: bind('int close(int fd)'),
};

const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const SOCK_CLOEXEC = 0o2000000;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;
const familyBytes = 2;
/** unix(7): `sun_path` without its terminating zero. */
const longestPathBytes = 107;
/** Longer datagrams are cut when they are received. */
const longestDatagramBytes = 256 * 1024;

/** A datagram socket of the file system (unix(7)), as `/dev/log` and journald's are. Node.js has none. */
export class UnixDatagramSocket implements Disposable {
  readonly #path: string;
  #descriptor: number;

  private constructor(path: string, call: 'bind' | 'connect') {
    this.#path = path;
    const bytes = Buffer.from(path);
    if (bytes.length > longestPathBytes) {
      throw new KernelError(call, constants.errno.ENAMETOOLONG, path);
    }
    this.#descriptor = check(libc.socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0), 'socket', path);
    // An abstract name begins with a zero and ends where its length says.
    const address = Buffer.alloc(familyBytes + bytes.length + (bytes[0] === 0 ? 0 : 1));
    address.writeUInt16LE(AF_UNIX, 0);
    bytes.copy(address, familyBytes);
    try {
      check(libc[call](this.#descriptor, address, address.length), call, path);
    } catch (error) {
      this[Symbol.dispose]();
      throw error;
    }
  }

  /** Throws `KernelError`: `ENOENT`, `ECONNREFUSED` when nobody has it open, `EPROTOTYPE` for a stream socket. */
  static connect(path: string): UnixDatagramSocket {
    return new UnixDatagramSocket(path, 'connect');
  }

  /** Makes the socket file, which stays when this is disposed. Throws `KernelError` `EADDRINUSE`. */
  static bind(path: string): UnixDatagramSocket {
    return new UnixDatagramSocket(path, 'bind');
  }

  /** False when the receiver's queue is full: try again later. Throws `KernelError`; `EMSGSIZE` for what is too long. */
  send(datagram: Uint8Array): boolean {
    const flags = MSG_DONTWAIT | MSG_NOSIGNAL;
    if (libc.send(this.#descriptor, datagram, datagram.length, flags) >= 0) return true;
    const errno = lastErrno();
    if (errno === constants.errno.EAGAIN || errno === constants.errno.ENOBUFS) return false;
    throw new KernelError('send', errno, this.#path);
  }

  /** The next datagram; undefined when there is none. */
  receive(): Buffer | undefined {
    const buffer = Buffer.allocUnsafe(longestDatagramBytes);
    const length = libc.recv(this.#descriptor, buffer, buffer.length, MSG_DONTWAIT);
    if (length >= 0) return buffer.subarray(0, length);
    const errno = lastErrno();
    if (errno === constants.errno.EAGAIN) return undefined;
    throw new KernelError('recv', errno, this.#path);
  }

  /** Idempotent. */
  [Symbol.dispose](): void {
    if (this.#descriptor >= 0) libc.close(this.#descriptor);
    this.#descriptor = -1;
  }
}
