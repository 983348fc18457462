import type { RuntimeProcess } from '@gantry/oci';
import type { SpecHost } from './spec-host.ts';

/** capabilities(7): by number. */
const numbers = new Map(
  [
    'CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE',
    'NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN',
    'SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE',
    'MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE',
  ]
    .join(' ')
    .split(' ')
    .map((name, number) => [`CAP_${name}`, number]),
);

/** Those of `capabilities` that this machine can give: what the engine itself lacks, the runtime cannot hand on. */
export function availableCapabilities(capabilities: readonly string[], host: SpecHost): string[] {
  return capabilities.filter((name) => {
    const number = numbers.get(name);
    return number !== undefined && ((host.capabilities >> BigInt(number)) & 1n) === 1n;
  });
}

/**
 * The five sets of a process, as Docker fills them: bounding always; permitted and effective too, which execve takes from a
 * user who is not root; inheritable and ambient empty.
 */
export function capabilitySets(
  capabilities: readonly string[],
  host: SpecHost,
): NonNullable<RuntimeProcess['capabilities']> {
  const available = availableCapabilities(capabilities, host);
  return {
    bounding: available,
    effective: available,
    permitted: available,
    inheritable: [],
    ambient: [],
  };
}
