import { closeSync, constants, openSync, unlinkSync } from 'node:fs';
import path from 'node:path';
import { KernelError } from '../ffi/errno.ts';
import { check } from '../ffi/libc.ts';
import { closeDescriptor } from '../processes/descriptors.ts';
import type { ReadinessPoller } from '../processes/readiness.ts';
import { receiveDescriptor } from '../sockets/passed-descriptor.ts';
import { socketCalls, socketFlags } from '../sockets/socket-calls.ts';

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
    this.#listener = check(socketCalls.socket(unixFamily, streamFlags, 0), 'socket', socketPath);
    const folder = openSync(path.dirname(socketPath), constants.O_RDONLY | constants.O_DIRECTORY);
    try {
      const address = unixAddress(`/proc/self/fd/${folder}/${path.basename(socketPath)}`);
      check(socketCalls.bind(this.#listener, address, address.length), 'bind', socketPath);
      check(socketCalls.listen(this.#listener, 1), 'listen', socketPath);
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
    const connection = socketCalls.accept(this.#listener, null, null, acceptFlags);
    check(connection, 'accept4', this.#socketPath);
    try {
      await this.#poller.ready(connection, 'readable', signal);
      const descriptor = receiveDescriptor(connection, this.#socketPath);
      if (descriptor !== undefined) return descriptor;
      throw new KernelError('recvmsg without a descriptor', 0, this.#socketPath);
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
const acceptFlags = socketFlags.closeOnExec | socketFlags.nonBlock;
const streamFlags = 1 | acceptFlags;
function unixAddress(socketPath: string): Uint8Array {
  const address = Buffer.alloc(2 + Buffer.byteLength(socketPath) + 1);
  address.writeUInt16LE(unixFamily, 0);
  address.write(socketPath, 2);
  return address;
}
