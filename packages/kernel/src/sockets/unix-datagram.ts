import { constants } from 'node:os';
import { KernelError } from '../ffi/errno.ts';
import { check, lastErrno } from '../ffi/libc.ts';
import { Descriptor } from '../files/descriptor.ts';
import { sealedMemory } from '../files/sealed-copy.ts';
import { closeDescriptor } from '../processes/descriptors.ts';
import { receiveDescriptor, sendDescriptor } from './passed-descriptor.ts';
import { messageFlags, socketCalls, socketFlags } from './socket-calls.ts';

const AF_UNIX = 1;
const SOCK_DGRAM = 2;
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
    this.#descriptor = check(
      socketCalls.socket(AF_UNIX, SOCK_DGRAM | socketFlags.closeOnExec, 0),
      'socket',
      path,
    );
    // An abstract name begins with a zero and ends where its length says.
    const address = Buffer.alloc(familyBytes + bytes.length + (bytes[0] === 0 ? 0 : 1));
    address.writeUInt16LE(AF_UNIX, 0);
    bytes.copy(address, familyBytes);
    try {
      check(socketCalls[call](this.#descriptor, address, address.length), call, path);
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
    const flags = messageFlags.dontWait | messageFlags.noSignal;
    if (socketCalls.send(this.#descriptor, datagram, datagram.length, flags) >= 0) return true;
    const errno = lastErrno();
    if (errno === constants.errno.EAGAIN || errno === constants.errno.ENOBUFS) return false;
    throw new KernelError('send', errno, this.#path);
  }

  /**
   * Sends what is too long for a datagram as a sealed file in memory, which comes with an empty one: so journald takes long
   * entries (systemd, "Native Journal Protocol"). False and throws as `send`.
   */
  sendInMemory(data: Uint8Array): boolean {
    using memory = sealedMemory(this.#path, data);
    return sendDescriptor(this.#descriptor, memory.fd, this.#path);
  }

  /** The file that comes with the next datagram, whose caller closes it; undefined when none comes with it. Throws as `send`. */
  receiveFile(): Descriptor | undefined {
    const descriptor = receiveDescriptor(this.#descriptor, this.#path);
    return descriptor === undefined ? undefined : new Descriptor(descriptor);
  }

  /** The next datagram; undefined when there is none. */
  receive(): Buffer | undefined {
    const buffer = Buffer.allocUnsafe(longestDatagramBytes);
    const length = socketCalls.recv(this.#descriptor, buffer, buffer.length, messageFlags.dontWait);
    if (length >= 0) return buffer.subarray(0, length);
    const errno = lastErrno();
    if (errno === constants.errno.EAGAIN) return undefined;
    throw new KernelError('recv', errno, this.#path);
  }

  /** Idempotent. */
  [Symbol.dispose](): void {
    if (this.#descriptor >= 0) closeDescriptor(this.#descriptor);
    this.#descriptor = -1;
  }
}
