import { constants } from 'node:os';
import { EngineError } from '@gantry/base';
import { KernelError } from '../ffi/errno.ts';
import { bind, check } from '../ffi/libc.ts';
import { mountFlags } from './flags.ts';

const mountNative = bind(
  'int mount(const char *source, const char *target, const char *type, uint64_t flags, const char *data)',
);
const umount2 = bind('int umount2(const char *target, int flags)');

/** MNT_DETACH, UMOUNT_NOFOLLOW: `linux/fs.h`. */
const detachFlag = 2;
const noFollowFlag = 8;

/** The kernel copies one page of options and drops the rest without a word. */
const maxOptionBytes = 4095;

/** A mount's option string does not fit the one page that mount(2) reads. */
export class MountOptionsTooLongError extends EngineError {
  override readonly name = 'MountOptionsTooLongError';
  constructor(target: string, sizeBytes: number) {
    super(
      'invalid',
      'mount-options-too-long',
      `mount ${target}: ${sizeBytes} bytes of options, more than mount(2) reads`,
    );
  }
}

export interface MountOptions {
  source: string;
  target: string;
  type: string;
  /** `mountFlags`. */
  flags?: number;
  /** The file system's own options, comma-separated. */
  data?: string;
}

/** mount(2). `target` is resolved by the kernel: give it a path of ours, or a descriptor's `path`. */
export function mount({ source, target, type, flags = 0, data = '' }: MountOptions): void {
  const length = Buffer.byteLength(data);
  if (length > maxOptionBytes) throw new MountOptionsTooLongError(target, length);
  check(mountNative(source, target, type, flags, data), 'mount', target);
}

/**
 * The same on a pool thread, for what may wait for a disk or a server: the event loop does not. Main thread only. Takes the flags of
 * a bind, a remount and a propagation too, for which the kernel reads neither type nor data.
 */
export async function mountAsync({
  source,
  target,
  type,
  flags = 0,
  data = '',
}: MountOptions): Promise<void> {
  const length = Buffer.byteLength(data);
  if (length > maxOptionBytes) throw new MountOptionsTooLongError(target, length);
  const { result, errno } = await mountNative.async(source, target, type, flags, data);
  if (result < 0) throw new KernelError('mount', errno, target);
}

/** `source` also appears at `target`; with `recursive`, the mounts below it too. */
export function bindMount(source: string, target: string, options: { recursive?: boolean } = {}): void {
  const flags = mountFlags.bind | (options.recursive === true ? mountFlags.recursive : 0);
  check(mountNative(source, target, null, flags, null), 'bind mount', target);
}

/**
 * Sets the flags of one mount (read-only, nosuid …) for this place only, not of the file system. Flags that are left
 * out are cleared.
 */
export function remountBind(target: string, flags: number): void {
  const all = mountFlags.remount | mountFlags.bind | flags;
  check(mountNative(null, target, null, all, null), 'remount', target);
}

export type Propagation = 'private' | 'slave' | 'shared' | 'unbindable';

/** How mounts made at one place appear at its copies (mount_namespaces(7)). */
export function setPropagation(
  target: string,
  propagation: Propagation,
  options: { recursive?: boolean } = {},
): void {
  const flags = mountFlags[propagation] | (options.recursive === true ? mountFlags.recursive : 0);
  check(mountNative(null, target, null, flags, null), `make ${propagation}`, target);
}

/** Moves a mount to another place. */
export function moveMount(from: string, to: string): void {
  check(mountNative(from, to, null, mountFlags.move, null), 'move mount', to);
}

export interface UmountOptions {
  /** Takes it out of the tree at once, though files on it are still open (MNT_DETACH). */
  detach?: boolean;
}

/**
 * Unmounts on a pool thread: the kernel may write back a whole file system meanwhile, and the event loop does not wait.
 * Main thread only. Idempotent: false when nothing is mounted there. Throws EBUSY while files are open (not with `detach`).
 */
export async function umount(target: string, options: UmountOptions = {}): Promise<boolean> {
  const flags = noFollowFlag | (options.detach === true ? detachFlag : 0);
  const { result, errno } = await umount2.async(target, flags);
  if (result >= 0) return true;
  if (errno === constants.errno.EINVAL || errno === constants.errno.ENOENT) return false;
  throw new KernelError('umount', errno, target);
}
