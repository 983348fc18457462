import { constants } from 'node:os';
import { KernelError } from '../ffi/errno.ts';
import { bind, check, lastErrno } from '../ffi/libc.ts';
import { messageFlags, socketCalls, socketLevel } from './socket-calls.ts';

/**
 * Sends a descriptor and no data over a connected unix socket (SCM_RIGHTS, unix(7)); ours stays open. False when the
 * receiver's queue is full: try again later. Throws `KernelError`.
 */
export function sendDescriptor(socket: number, descriptor: number, subject: string): boolean {
  using message = new Message();
  message.putDescriptor(descriptor);
  const flags = messageFlags.dontWait | messageFlags.noSignal;
  if (socketCalls.sendmsg(socket, message.address, flags) >= 0) return true;
  const errno = lastErrno();
  if (errno === constants.errno.EAGAIN || errno === constants.errno.ENOBUFS) return false;
  throw new KernelError('sendmsg', errno, subject);
}

/**
 * The descriptor that a message brings, closed on exec; its data, a few bytes, are dropped. Undefined when it brings none.
 * Throws `KernelError`, `EAGAIN` when there is no message on a non-blocking socket.
 */
export function receiveDescriptor(socket: number, subject: string): number | undefined {
  using message = new Message();
  message.makeRoom();
  const flags = messageFlags.closeOnExec | messageFlags.dontWait;
  check(socketCalls.recvmsg(socket, message.address, flags), 'recvmsg', subject);
  return message.takeDescriptor();
}

const rights = 1;
/** Offsets in one block of native memory: struct msghdr, struct iovec, data, control data. */
const layout = { header: 0, vector: 64, data: 128, control: 384, size: 512 };
const dataBytes = layout.control - layout.data;
/** `CMSG_LEN(sizeof(int))` and `CMSG_SPACE(sizeof(int))`: struct cmsghdr { size_t len; int level; int type } and an int. */
const oneDescriptor = { length: 20, space: 24 };

/** A `struct msghdr` with room for a few bytes and for control data. */
class Message implements Disposable {
  readonly address: number = native.allocate(layout.size);
  readonly #block = new Uint8Array(layout.size);
  readonly #view = new DataView(this.#block.buffer);

  putDescriptor(descriptor: number): void {
    this.#setSizes(0, oneDescriptor.space);
    this.#view.setBigUint64(layout.control, BigInt(oneDescriptor.length), true);
    this.#view.setInt32(layout.control + 8, socketLevel, true);
    this.#view.setInt32(layout.control + 12, rights, true);
    this.#view.setInt32(layout.control + 16, descriptor, true);
    native.fill(this.address, this.#block, layout.size);
  }

  makeRoom(): void {
    this.#setSizes(dataBytes, layout.size - layout.control);
    native.fill(this.address, this.#block, layout.size);
  }

  takeDescriptor(): number | undefined {
    native.fetch(this.#block, this.address, layout.size);
    const used = Number(this.#view.getBigUint64(layout.header + 40, true));
    const isRights =
      used >= oneDescriptor.length &&
      this.#view.getInt32(layout.control + 8, true) === socketLevel &&
      this.#view.getInt32(layout.control + 12, true) === rights;
    return isRights ? this.#view.getInt32(layout.control + 16, true) : undefined;
  }

  [Symbol.dispose](): void {
    native.free(this.address);
  }

  #setSizes(data: number, control: number): void {
    const put = (at: number, value: number): void => this.#view.setBigUint64(at, BigInt(value), true);
    put(layout.header + 16, this.address + layout.vector);
    put(layout.header + 24, 1);
    put(layout.header + 32, this.address + layout.control);
    put(layout.header + 40, control);
    put(layout.vector, this.address + layout.data);
    put(layout.vector + 8, data);
  }
}

const native = {
  allocate: bind('int64_t malloc(size_t size)'),
  free: bind('void free(int64_t memory)'),
  fill: bind('int64_t memcpy(int64_t to, const void *from, size_t length)'),
  fetch: bind('int64_t memcpy(void *to, int64_t from, size_t length)'),
};
