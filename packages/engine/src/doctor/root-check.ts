import { execFile } from 'node:child_process';
import { statSync } from 'node:fs';
import { promisify } from 'node:util';
import type { Finding, HealthCheck } from './doctor.ts';

const run = promisify(execFile);

/**
 * Whether this process's root is that of its mount namespace. In a chroot it is not, and OCI runtimes, which enter a
 * container by its namespaces, come out in the wrong root (setns(2): entering a mount namespace changes the root to its).
 */
export function rootCheck(): HealthCheck {
  return { name: 'root', examine };
}

async function examine(): Promise<Finding> {
  const { dev, ino } = statSync('/', { bigint: true });
  const outer = await rootOfNamespace();
  if (outer === 'unknown')
    return { state: 'warn', message: 'nsenter is missing: cannot tell whether this is a chroot' };
  if (outer === `${dev}:${ino}`) return { state: 'ok', message: "the mount namespace's own" };
  return {
    state: 'warn',
    message:
      'this is a chroot: exec would enter the root of the mount namespace; give it a namespace of its own by pivot_root, as unshare, systemd and containers do',
  };
}

/** Device and inode of the namespace's root, by a program that enters the namespace anew. */
async function rootOfNamespace(): Promise<string> {
  try {
    const words = ['--mount=/proc/self/ns/mnt', 'stat', '-c', '%d:%i', '/'];
    return (await run('nsenter', words)).stdout.trim();
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'unknown' : '';
  }
}
