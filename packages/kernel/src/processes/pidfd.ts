import { constants, release as osRelease } from 'node:os';
import { KernelError } from '../ffi/errno.ts';
import { bind, check, lastErrno } from '../ffi/libc.ts';
import { closeDescriptor } from './descriptors.ts';

/**
 * A process held by a descriptor (pidfd_open(2), Linux 5.3): signals and questions reach this process or nobody, even
 * after its pid was given to another. The descriptor is readable once the process is dead: see `ReadinessPoller`.
 */
export class ProcessHandle implements Disposable {
  readonly pid: number;
  readonly descriptor: number;
  #open = true;

  /** Throws `KernelError` ESRCH when there is no such process. */
  constructor(pid: number) {
    this.pid = pid;
    this.descriptor = check(native.pidfdOpen(sys.pidfdOpen, pid, 0), 'pidfd_open', `pid ${pid}`);
  }

  /** The process `pid`, or undefined when there is none (any more). */
  static find(pid: number): ProcessHandle | undefined {
    try {
      return new ProcessHandle(pid);
    } catch (error) {
      if (error instanceof KernelError && ['ESRCH', 'EINVAL'].includes(error.errnoName)) return undefined;
      throw error;
    }
  }

  /** True until the process has ended; a zombie is dead. */
  isAlive(): boolean {
    if (!this.#open) return false;
    const request = new Uint8Array(8);
    const view = new DataView(request.buffer);
    view.setInt32(0, this.descriptor, true);
    view.setInt16(4, pollIn, true);
    return native.poll(request, 1, 0) === 0;
  }

  /** False when the process has ended. Throws `KernelError` for anything else, such as a number that is no signal. */
  signal(signal: number): boolean {
    if (!this.#open) return false;
    const result = native.pidfdSendSignal(sys.pidfdSendSignal, this.descriptor, signal, 0, 0);
    if (result < 0 && lastErrno() === constants.errno.ESRCH) return false;
    check(result, 'pidfd_send_signal', `pid ${this.pid}`);
    return true;
  }

  /**
   * A duplicate of a descriptor of that process (pidfd_getfd(2), Linux 5.6), closed on exec; the caller closes it.
   * Undefined when the process is dead or has no such descriptor. Throws `KernelError` EPERM.
   */
  takeDescriptor(descriptor: number): number | undefined {
    const result = native.pidfdGetfd(sys.pidfdGetfd, this.descriptor, descriptor, 0);
    if (result < 0 && [constants.errno.EBADF, constants.errno.ESRCH].includes(lastErrno())) return undefined;
    return check(result, 'pidfd_getfd', `descriptor ${descriptor} of pid ${this.pid}`);
  }

  /**
   * Exit status of a process that anybody reaped, as wait(2) encodes it; undefined before that, and always on a kernel
   * older than 6.15 (PIDFD_GET_INFO with PIDFD_INFO_EXIT).
   */
  exitStatus(): WaitStatus | undefined {
    if (!this.#open) return undefined;
    const info = new Uint8Array(64);
    const view = new DataView(info.buffer);
    view.setBigUint64(0, infoExit, true);
    if (native.ioctl(this.descriptor, getInfo, info) < 0) return undefined;
    if ((view.getBigUint64(0, true) & infoExit) === 0n) return undefined;
    return waitStatus(view.getInt32(60, true));
  }

  /**
   * Removes the zombie of a child that was killed and is not waited for by anybody else, as soon as it is one (waitid(2) with
   * P_PIDFD, Linux 5.4), on a pool thread; then closes this. Nothing but the closing when it is not our child. Main thread only.
   */
  async reapAndClose(): Promise<void> {
    if (!this.#open) return;
    this.#open = false;
    await native.waitid.async(idPidfd, this.descriptor, null, waitExited);
    closeDescriptor(this.descriptor);
  }

  [Symbol.dispose](): void {
    if (!this.#open) return;
    this.#open = false;
    closeDescriptor(this.descriptor);
  }
}

/** The kernel keeps the exit status of a reaped process for those who hold its pidfd: Linux 6.15 and newer. */
export function keepsExitStatus(release: string = osRelease()): boolean {
  const [major = 0, minor = 0] = release.split('.').map(Number);
  return major > 6 || (major === 6 && minor >= 15);
}

/** How a process ended: by itself or by a signal. */
export interface WaitStatus {
  /** 0–255; 128 + signal when a signal ended it, as shells say it. */
  exitCode: number;
  signal?: number;
}

/** Collects a dead child, so that no zombie stays. Undefined while it lives or when it is not our child. */
export function reapChild(pid: number): WaitStatus | undefined {
  const status = new Int32Array(1);
  const result = native.waitpid(pid, new Uint8Array(status.buffer), waitNoHang);
  return result === pid ? waitStatus(status[0] ?? 0) : undefined;
}

/** Waits on a pool thread for a child that is about to end, and takes its status. Main thread only. */
export async function awaitChild(pid: number): Promise<void> {
  await native.waitpid.async(pid, null, 0);
}

function waitStatus(status: number): WaitStatus {
  const signal = status & 0x7f;
  if (signal === 0) return { exitCode: (status >> 8) & 0xff };
  return { exitCode: 128 + signal, signal };
}

/** The numbers are the same on every architecture since Linux 5.0's unified table. */
const sys = { pidfdSendSignal: 424, pidfdOpen: 434, pidfdGetfd: 438 };
const pollIn = 1;
const waitNoHang = 1;
const waitExited = 4;
const idPidfd = 3;
const infoExit = 8n;
/** _IOWR(0xFF, 11, struct pidfd_info) with the 64-byte struct of Linux 6.13. */
const getInfo = 0xc040ff0b;

const native = {
  pidfdOpen: bind('int64_t syscall(int64_t number, int64_t pid, int64_t flags)'),
  pidfdSendSignal: bind(
    'int64_t syscall(int64_t number, int64_t fd, int64_t signal, int64_t info, int64_t flags)',
  ),
  pidfdGetfd: bind('int64_t syscall(int64_t number, int64_t fd, int64_t target, int64_t flags)'),
  ioctl: bind('int ioctl(int fd, uint64_t request, void *argument)'),
  poll: bind('int poll(void *requests, uint64_t count, int timeoutMs)'),
  waitpid: bind('int waitpid(int pid, void *status, int options)'),
  waitid: bind('int waitid(int type, uint32_t id, void *info, int options)'),
};
