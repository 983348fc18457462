import { constants } from 'node:os';
import { KernelError } from '../ffi/errno.ts';
import { bind, check, lastErrno } from '../ffi/libc.ts';
import type { BytePath } from './byte-path.ts';
import { Descriptor, openPath } from './descriptor.ts';
import { Directory } from './directory.ts';
import { openFlags } from './flags.ts';
import { runInSlices } from './slices.ts';

/**
 * Limits of what directories hold, by the project quotas of a file system: xfs mounted with `pquota`, ext4 with `prjquota`. A directory
 * that has a limit has a project of its own, which everything that is made in it belongs to; the file system itself keeps
 * the limits and knows which projects are in use. Linux 5.14 (quotactl_fd(2)).
 */
export class ProjectQuotas {
  readonly #root: string;
  #last: number;

  private constructor(root: string, base: number) {
    this.#root = root;
    this.#last = base;
  }

  /** Of the file system that `root` lies on, for directories below it; undefined where it enforces no such limits, or not for us. */
  static of(root: string): ProjectQuotas | undefined {
    using directory = openFile(root);
    const state = new Uint8Array(128);
    if (quotactl(directory.fd, commands.state, 0, state) < 0) return undefined;
    const enforced = (new DataView(state.buffer).getUint16(2, true) & projectsEnforced) !== 0;
    const base = enforced ? tryReadProject(directory) : undefined;
    return base === undefined ? undefined : new ProjectQuotas(root, base.id);
  }

  /**
   * Gives the directory, with everything in it, at most `sizeBytes`. Idempotent, also for another size. What is in it already is given
   * to its project file by file, and nobody may write there meanwhile. Throws `KernelError`.
   */
  async limit(directory: string, sizeBytes: number): Promise<void> {
    using root = Directory.openPath(directory);
    const known = this.#ownProject(directory);
    const id = known ?? this.#freeProject();
    this.#setLimit(id, sizeBytes);
    if (known !== undefined) return;
    await runInSlices(joinSteps(root, id, root.stat().mountId));
    using file = openFile(directory);
    joinProject(file, id, inheritsProject);
  }

  /** Most bytes that the directory may hold; undefined when it has no limit of its own. */
  limitOf(directory: string): number | undefined {
    const id = this.#ownProject(directory);
    const limit = id === undefined ? 0 : this.#read(id).limitBytes;
    return limit > 0 ? limit : undefined;
  }

  /** Takes the limit away, so that the project is free once its files are deleted. Idempotent. */
  release(directory: string): void {
    const id = this.#ownProject(directory);
    if (id !== undefined) this.#setLimit(id, 0);
  }

  /** Undefined for a directory that is gone, and for one of the project that all belongs to. */
  #ownProject(directory: string): number | undefined {
    try {
      using file = openFile(directory);
      using root = openFile(this.#root);
      const { id } = readProject(file);
      return id === readProject(root).id ? undefined : id;
    } catch (error) {
      if (error instanceof KernelError && error.errnoName === 'ENOENT') return undefined;
      throw error;
    }
  }

  /** One that no file belongs to and that has no limits; of another program's either. */
  #freeProject(): number {
    for (let tries = 0; tries < maxProject; tries++) {
      this.#last = this.#last >= maxProject ? 1 : this.#last + 1;
      if (!this.#read(this.#last).used) return this.#last;
    }
    throw new KernelError('quotactl', constants.errno.ENOSPC, this.#root);
  }

  #setLimit(id: number, sizeBytes: number): void {
    const { bytes, view } = quotaRecord(id);
    view.setUint16(2, limitFields, true);
    view.setBigUint64(8, BigInt(Math.ceil(sizeBytes / blockBytes)), true);
    view.setBigUint64(16, BigInt(Math.ceil(sizeBytes / blockBytes)), true);
    using root = openFile(this.#root);
    check(quotactl(root.fd, commands.setLimits, id, bytes), 'quotactl', this.#root);
  }

  #read(id: number): { limitBytes: number; used: boolean } {
    const { bytes, view } = quotaRecord(id);
    using root = openFile(this.#root);
    const result = quotactl(root.fd, commands.getQuota, id, bytes);
    if (result < 0 && lastErrno() === constants.errno.ENOENT) return { limitBytes: 0, used: false };
    check(result, 'quotactl', this.#root);
    const [hard = 0n, ...others] = [8, 16, 24, 32, 40, 48].map((offset) => view.getBigUint64(offset, true));
    const used = hard > 0n || others.some((count) => count > 0n);
    return { limitBytes: Number(hard) * blockBytes, used };
  }
}

interface FileProject {
  id: number;
  /** All that the kernel said, to be given back. */
  attributes: Uint8Array;
}

function* joinSteps(
  directory: Directory,
  id: number,
  mountId: bigint,
): Generator<undefined, void, undefined> {
  for (const name of directory.names()) {
    const { kind, mountId: itsMount } = directory.stat(name);
    if (itsMount !== mountId) continue;
    if (kind === 'directory') {
      using child = directory.openDirectory(name, { flags: openFlags.path | openFlags.noFollow });
      yield* joinSteps(child, id, mountId);
    }
    // Other kinds have no blocks, and opening some of them has effects.
    if (kind === 'directory' || kind === 'file') {
      using file = directory.open(name, { flags: fileFlags });
      joinProject(file, id, kind === 'directory' ? inheritsProject : 0);
    }
    yield undefined;
  }
}

/** `flags` are added to those that the file has. */
function joinProject(file: Descriptor, id: number, flags: number): void {
  const { attributes } = readProject(file);
  const view = new DataView(attributes.buffer);
  view.setUint32(0, view.getUint32(0, true) | flags, true);
  view.setUint32(12, id, true);
  const result = native.ioctl(file.fd, requests.setAttributes, attributes);
  check(result, 'ioctl FS_IOC_FSSETXATTR', `descriptor ${file.fd}`);
}

function readProject(file: Descriptor): FileProject {
  const attributes = new Uint8Array(attributesLength);
  const result = native.ioctl(file.fd, requests.getAttributes, attributes);
  check(result, 'ioctl FS_IOC_FSGETXATTR', `descriptor ${file.fd}`);
  return { id: new DataView(attributes.buffer).getUint32(12, true), attributes };
}

function tryReadProject(file: Descriptor): FileProject | undefined {
  try {
    return readProject(file);
  } catch (error) {
    if (error instanceof KernelError) return undefined;
    throw error;
  }
}

function openFile(path: BytePath): Descriptor {
  return new Descriptor(openPath(path, fileFlags));
}

function quotaRecord(id: number): { bytes: Uint8Array; view: DataView } {
  const bytes = new Uint8Array(112);
  const view = new DataView(bytes.buffer);
  view.setInt8(0, 1);
  view.setInt8(1, 2);
  view.setUint32(4, id, true);
  return { bytes, view };
}

function quotactl(fd: number, command: number, id: number, record: Uint8Array): number {
  return native.quotactl(quotactlNumber, fd, ((command << 8) | projectQuota) >>> 0, id, record);
}

const fileFlags = openFlags.readOnly | openFlags.noFollow | openFlags.nonBlocking;

/** `struct fsxattr` and its requests, `linux/fs.h`. */
const attributesLength = 28;
const requests = { getAttributes: 0x801c581f, setAttributes: 0x401c5820 } as const;
/** FS_XFLAG_PROJINHERIT: what is made in the directory belongs to its project. */
const inheritsProject = 0x200;

/** `linux/dqblk_xfs.h`, `struct fs_disk_quota`: also ext4 answers these commands. Blocks have 512 bytes. */
const commands = { getQuota: 0x5803, setLimits: 0x5804, state: 0x5805 } as const;
const projectQuota = 2;
/** FS_QUOTA_PDQ_ENFD. */
const projectsEnforced = 1 << 5;
/** FS_DQ_BSOFT | FS_DQ_BHARD. */
const limitFields = (1 << 2) | (1 << 3);
const blockBytes = 512;
const maxProject = 2 ** 32 - 2;
/** The same number on every architecture. */
const quotactlNumber = 443;

const native = {
  ioctl: bind('int ioctl(int fd, uint64_t request, void *argument)'),
  quotactl: bind('int64_t syscall(int64_t number, uint32_t fd, uint32_t command, uint32_t id, void *record)'),
};
