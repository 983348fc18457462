import { readFileSync } from 'node:fs';
import type { Finding, HealthCheck } from './doctor.ts';

const capSysAdmin = 21n;
const capNetAdmin = 12n;
const capSysResource = 24n;

/** Facts of kernel and process that containers need. */
export function hostChecks(): HealthCheck[] {
  return [
    { name: 'privileges', examine: () => Promise.resolve(examinePrivileges()) },
    { name: 'overlayfs', examine: () => Promise.resolve(examineOverlay()) },
    { name: 'hard limits', examine: () => Promise.resolve(examineHardLimits()) },
  ];
}

function examinePrivileges(): Finding {
  const held = effectiveCapabilities();
  if (!has(held, capSysAdmin) || !has(held, capNetAdmin)) {
    return { state: 'fail', message: 'root with CAP_SYS_ADMIN and CAP_NET_ADMIN is needed' };
  }
  return { state: 'ok', message: 'root' };
}

function examineOverlay(): Finding {
  const known = readFileSync('/proc/filesystems', 'utf8').split('\n');
  if (known.some((line) => line.endsWith('\toverlay'))) return { state: 'ok', message: 'in the kernel' };
  return {
    state: 'warn',
    message: 'not in the kernel (modprobe overlay?); layers are copied instead, which is slow and large',
  };
}

function examineHardLimits(): Finding {
  if (has(effectiveCapabilities(), capSysResource)) return { state: 'ok', message: 'can be raised' };
  return { state: 'warn', message: 'CAP_SYS_RESOURCE is missing: --ulimit cannot raise a hard limit' };
}

function effectiveCapabilities(): bigint {
  const match = /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'utf8'));
  return BigInt(`0x${match?.[1] ?? '0'}`);
}

function has(capabilities: bigint, bit: bigint): boolean {
  return ((capabilities >> bit) & 1n) === 1n;
}
