import { closeSync, constants, openSync, unlinkSync } from 'node:fs';
import path from 'node:path';
import { KernelError } from '../ffi/errno.ts';
import { bind, check } from '../ffi/libc.ts';
import { closeDescriptor } from '../processes/descriptors.ts';
import type { ReadinessPoller } from '../processes/readiness.ts';

/**
 * The socket by which an OCI runtime hands over the master side of a container's terminal (`--console-socket`): it
 * connects once and sends one descriptor.
 */
export class ConsoleSocket implements Disposable {
  readonly #listener: number;
  readonly #socketPath: string;
  readonly #poller: ReadinessPoller;

  /** Listens on `socketPath`, which may be longer than a socket address is (108 bytes). */
  constructor(socketPath: string, poller: ReadinessPoller) {
    this.#socketPath = socketPath;
    this.#poller = poller;
    this.#listener = check(native.socket(unixFamily, streamFlags, 0), 'socket', socketPath);
    const folder = openSync(path.dirname(socketPath), constants.O_RDONLY | constants.O_DIRECTORY);
    try {
      const address = unixAddress(`/proc/self/fd/${folder}/${path.basename(socketPath)}`);
      check(native.bind(this.#listener, address, address.length), 'bind', socketPath);
      check(native.listen(this.#listener, 1), 'listen', socketPath);
    } catch (error) {
      closeDescriptor(this.#listener);
      throw error;
    } finally {
      closeSync(folder);
    }
  }

  /** Waits for the master. It is closed on exec; the caller closes it. */
  async receive(signal?: AbortSignal): Promise<number> {
    await this.#poller.ready(this.#listener, 'readable', signal);
    const connection = native.accept(this.#listener, null, null, closeOnExec | nonBlock);
    check(connection, 'accept4', this.#socketPath);
    try {
      await this.#poller.ready(connection, 'readable', signal);
      return receiveDescriptor(connection, this.#socketPath);
    } finally {
      closeDescriptor(connection);
    }
  }

  [Symbol.dispose](): void {
    closeDescriptor(this.#listener);
    try {
      unlinkSync(this.#socketPath);
    } catch {
      // Gone with its folder.
    }
  }
}

const unixFamily = 1;
const closeOnExec = 0x80000;
const nonBlock = 0x800;
const streamFlags = 1 | closeOnExec | nonBlock;
const rights = 1;
const socketLevel = 1;
const closeReceivedOnExec = 0x40000000;

/** Offsets in one block of native memory: struct msghdr, struct iovec, data, control data. */
const layout = { header: 0, vector: 64, data: 128, control: 384, size: 512 };
const dataBytes = layout.control - layout.data;
const controlBytes = layout.size - layout.control;

function unixAddress(socketPath: string): Uint8Array {
  const address = Buffer.alloc(2 + Buffer.byteLength(socketPath) + 1);
  address.writeUInt16LE(unixFamily, 0);
  address.write(socketPath, 2);
  return address;
}

function receiveDescriptor(connection: number, subject: string): number {
  const memory = native.allocate(layout.size);
  try {
    const block = new Uint8Array(layout.size);
    const view = new DataView(block.buffer);
    view.setBigUint64(layout.header + 16, BigInt(memory + layout.vector), true);
    view.setBigUint64(layout.header + 24, 1n, true);
    view.setBigUint64(layout.header + 32, BigInt(memory + layout.control), true);
    view.setBigUint64(layout.header + 40, BigInt(controlBytes), true);
    view.setBigUint64(layout.vector, BigInt(memory + layout.data), true);
    view.setBigUint64(layout.vector + 8, BigInt(dataBytes), true);
    native.fill(memory, block, block.length);
    check(native.receive(connection, memory, closeReceivedOnExec), 'recvmsg', subject);
    native.fetch(block, memory, block.length);
    return descriptorIn(view, subject);
  } finally {
    native.free(memory);
  }
}

/** The one descriptor of a control message: struct cmsghdr { size_t len; int level; int type } and an int. */
function descriptorIn(view: DataView, subject: string): number {
  const used = Number(view.getBigUint64(layout.header + 40, true));
  const isRights =
    used >= 20 &&
    view.getInt32(layout.control + 8, true) === socketLevel &&
    view.getInt32(layout.control + 12, true) === rights;
  if (!isRights) throw new KernelError('recvmsg without a descriptor', 0, subject);
  return view.getInt32(layout.control + 16, true);
}

const native = {
  socket: bind('int socket(int family, int type, int protocol)'),
  bind: bind('int bind(int fd, const void *address, uint32_t length)'),
  listen: bind('int listen(int fd, int backlog)'),
  accept: bind('int accept4(int fd, void *address, void *length, int flags)'),
  receive: bind('int64_t recvmsg(int fd, int64_t header, int flags)'),
  allocate: bind('int64_t malloc(size_t size)'),
  free: bind('void free(int64_t memory)'),
  fill: bind('int64_t memcpy(int64_t to, const void *from, size_t length)'),
  fetch: bind('int64_t memcpy(void *to, int64_t from, size_t length)'),
};
