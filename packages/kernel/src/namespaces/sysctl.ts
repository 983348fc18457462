import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/**
 * Reads a kernel setting, such as `['net', 'ipv4', 'ip_forward']`, without the newline. Names come in parts because an
 * interface name may hold a dot. Below `net` it is the setting of this thread's network namespace.
 */
export function readSysctl(name: readonly string[]): string {
  return readFileSync(path.join('/proc/sys', ...name), 'utf8').trimEnd();
}

/** Writes a kernel setting. Throws `ENOENT` when the kernel has none of that name, `EROFS` where /proc/sys is read-only. */
export function writeSysctl(name: readonly string[], value: string): void {
  writeFileSync(path.join('/proc/sys', ...name), value);
}
