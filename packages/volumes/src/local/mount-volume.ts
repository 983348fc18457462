import { getSystemErrorMessage } from 'node:util';
import {
  isErrno,
  isMountPoint,
  KernelError,
  type MountOptions,
  mountAsync,
  mountFlags,
  mountTable,
  setPropagation,
  umount,
} from '@gantry/kernel';
import type { LocalOptions } from './local-options.ts';
import { parseMountString } from './mount-string.ts';
import { type Lookup, resolveServer } from './network-device.ts';

/** How this reaches the kernel and the resolver. */
export interface MountPorts {
  mount: (options: MountOptions) => Promise<void>;
  lookup: Lookup;
}

export const kernelMount: MountPorts['mount'] = mountAsync;

/**
 * Mounts what the options name at `target`, an empty directory; everything or nothing. Throws in Docker's words, with a password in the
 * options hidden.
 */
export async function mountVolume(options: LocalOptions, target: string, ports: MountPorts): Promise<void> {
  if (options.device === undefined) throw new Error('missing device in volume options');
  const { device, mountOptions } = await resolveServer(options, ports.lookup);
  const { flags, propagation, data } = parseMountString(mountOptions);
  const { type = '' } = options;
  const steps: MountOptions[] = [
    { source: device, target, type, flags, data },
    ...propagation.map((spread) => ({ source: '', target, type: '', flags: spread })),
    // The kernel reads no other flags while it binds.
    ...(isReadOnlyBind(flags)
      ? [{ source: '', target, type: '', flags: (flags & ~mountFlags.recursive) | mountFlags.remount }]
      : []),
  ];
  try {
    for (const step of steps) await ports.mount(step);
  } catch (error) {
    await unmountVolume(target).catch(() => {});
    const said = `failed to mount local volume: ${describe(steps[0], error)}`;
    throw new Error(hidePassword(said, mountOptions), { cause: error });
  }
}

/**
 * Takes off what is mounted at `target`, with everything below it, and nothing anywhere else. Idempotent. Throws EBUSY while files are
 * open on it.
 */
export async function unmountVolume(target: string): Promise<void> {
  while (isMountPoint(target)) {
    // What is unmounted below a shared mount goes from its copies too, and a bind's origin is one.
    setPropagation(target, 'private', { recursive: true });
    try {
      await umount(target);
    } catch (error) {
      const holdsMounts = mountTable().some((entry) => entry.target.startsWith(`${target}/`));
      if (!isErrno(error, 'EBUSY') || !holdsMounts) throw error;
      await umount(target, { detach: true });
    }
  }
}

function isReadOnlyBind(flags: number): boolean {
  const both = mountFlags.bind | mountFlags.readOnly;
  return (flags & both) === both;
}

/** As Docker writes a mount that failed: `mount source:target, flags: 0x1, data: size=1m: no such device`. */
function describe(step: MountOptions | undefined, error: unknown): string {
  if (step === undefined || !(error instanceof KernelError)) {
    return error instanceof Error ? error.message : String(error);
  }
  const { source, target, flags = 0, data = '' } = step;
  const parts = [
    `mount ${source}:${target}`,
    ...(flags === 0 ? [] : [`flags: 0x${flags.toString(16)}`]),
    ...(data === '' ? [] : [`data: ${data}`]),
  ];
  return `${parts.join(', ')}: ${errnoText(error)}`;
}

/** strerror(3), where libuv has other words or none. */
const texts: Readonly<Record<string, string>> = {
  EBUSY: 'device or resource busy',
  ENOTBLK: 'block device required',
};

function errnoText({ errno, errnoName }: KernelError): string {
  return texts[errnoName] ?? getSystemErrorMessage(-errno) ?? errnoName;
}

function hidePassword(text: string, mountOptions: string): string {
  const password = /(?:^|,)password=([^,]*)/.exec(mountOptions)?.[1];
  return password ? text.replaceAll(`password=${password}`, 'password=********') : text;
}
