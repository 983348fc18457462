import { InvalidOptionError } from '../../errors.ts';

/** All capabilities of Linux in order of their number (capabilities(7)), as of kernel 5.9. */
const allCapabilities: readonly string[] = [
  'CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE',
  'NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN',
  'SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE',
  'MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE',
].flatMap((line) => line.split(' ').map((name) => `CAP_${name}`));

/** What Docker gives a container that asks for nothing. */
const defaultCapabilities: readonly string[] = [
  'CHOWN DAC_OVERRIDE FSETID FOWNER MKNOD NET_RAW SETGID SETUID SETFCAP SETPCAP NET_BIND_SERVICE SYS_CHROOT KILL',
  'AUDIT_WRITE',
].flatMap((line) => line.split(' ').map((name) => `CAP_${name}`));

export interface CapabilityOptions {
  add: readonly string[];
  drop: readonly string[];
  privileged: boolean;
}

/**
 * The capabilities of a container, `CAP_…`. `ALL` in `add` gives all but those dropped by name; `ALL` in `drop` leaves
 * those added by name. Throws `InvalidOptionError` for a name that Linux does not know.
 */
export function containerCapabilities({ add, drop, privileged }: CapabilityOptions): string[] {
  const added = normalise(add, 'CapAdd');
  const dropped = normalise(drop, 'CapDrop');
  if (privileged) return [...allCapabilities];
  const base = added.has('ALL') ? allCapabilities : defaultCapabilities;
  const kept = dropped.has('ALL') ? [] : base.filter((name) => !dropped.has(name));
  const extra = allCapabilities.filter((name) => added.has(name) && !kept.includes(name));
  return [...kept, ...extra];
}

function normalise(names: readonly string[], option: 'CapAdd' | 'CapDrop'): Set<string> {
  return new Set(
    names.map((given) => {
      const upper = given.toUpperCase();
      if (upper === 'ALL') return 'ALL';
      const name = upper.startsWith('CAP_') ? upper : `CAP_${upper}`;
      if (!allCapabilities.includes(name)) {
        throw new InvalidOptionError(`invalid ${option}: unknown capability: ${JSON.stringify(name)}`, {
          option,
        });
      }
      return name;
    }),
  );
}
