import { existsSync, readFileSync } from 'node:fs';
import type { HostSecurity } from '@gantry/containers';
import { isErrno } from '@gantry/kernel';

/** Which security modules the kernel runs with: apparmor(7), selinux(8). */
export function readHostSecurity(): HostSecurity {
  return {
    apparmor: readIfThere('/sys/module/apparmor/parameters/enabled').startsWith('Y'),
    selinux: existsSync('/sys/fs/selinux/enforce'),
  };
}

function readIfThere(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR', 'EACCES')) return '';
    throw error;
  }
}
