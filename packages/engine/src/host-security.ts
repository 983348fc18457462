import { existsSync, readFileSync, statSync } from 'node:fs';
import { errorMessage } from '@gantry/base';
import type { SecurityDefaults } from '@gantry/containers';
import { isErrno } from '@gantry/kernel';
import { parseSeccompProfile } from '@gantry/runtime';
import type { EngineOptions } from './engine-options.ts';
import { SeccompProfileError } from './errors.ts';

const maxProfileBytes = 1024 * 1024;

/**
 * Which security modules the kernel runs with (apparmor(7), selinux(8)), and how containers are confined that do not say
 * otherwise. Throws `SeccompProfileError`.
 */
export function readSecurityDefaults({
  noNewPrivileges = false,
  seccompProfile = 'builtin',
}: Pick<EngineOptions, 'noNewPrivileges' | 'seccompProfile'>): SecurityDefaults {
  return {
    noNewPrivileges,
    seccomp: seccompOf(seccompProfile),
    apparmor: readIfThere('/sys/module/apparmor/parameters/enabled').startsWith('Y'),
    selinux: existsSync('/sys/fs/selinux/enforce'),
  };
}

/** `SecurityOptions` of `docker info`. */
export function shownSecurity(
  { noNewPrivileges = false, seccompProfile = 'builtin' }: EngineOptions,
  remapsUsers: boolean,
): string[] {
  return [
    `name=seccomp,profile=${seccompProfile === '' ? 'builtin' : seccompProfile}`,
    ...(remapsUsers ? ['name=userns'] : []),
    ...(existsSync('/proc/self/ns/cgroup') ? ['name=cgroupns'] : []),
    ...(noNewPrivileges ? ['name=no-new-privileges'] : []),
  ];
}

function seccompOf(profile: string): SecurityDefaults['seccomp'] {
  if (profile === 'builtin' || profile === '') return 'default';
  if (profile === 'unconfined') return profile;
  try {
    if (statSync(profile).size > maxProfileBytes) throw new Error(`larger than ${maxProfileBytes} bytes`);
    return parseSeccompProfile(readFileSync(profile, 'utf8'));
  } catch (error) {
    throw new SeccompProfileError(profile, errorMessage(error), error);
  }
}

function readIfThere(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR', 'EACCES')) return '';
    throw error;
  }
}
