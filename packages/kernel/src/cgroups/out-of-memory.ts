import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { isErrno } from '../ffi/errno.ts';
import type { EventCounter } from '../processes/event-counter.ts';

/**
 * Lets `counter` grow by one each time the kernel finds the v1 memory cgroup `directory` out of memory, and once more
 * when the cgroup is removed (`cgroup.event_control`, cgroup-v1/memory.rst). The registration lasts as long as anybody
 * holds the counter.
 */
export function countOutOfMemory(directory: string, counter: EventCounter): void {
  const control = openSync(path.join(directory, 'memory.oom_control'), 'r');
  try {
    writeFileSync(path.join(directory, 'cgroup.event_control'), `${counter.descriptor} ${control}`);
  } finally {
    closeSync(control);
  }
}

/**
 * Processes that the kernel killed in this cgroup (with v2: and below it) for lack of memory. Undefined when the cgroup
 * is gone or the kernel does not count (v1 before 4.13).
 */
export function outOfMemoryKills(directory: string, version: 1 | 2): number | undefined {
  try {
    const file = version === 1 ? 'memory.oom_control' : 'memory.events';
    const text = readFileSync(path.join(directory, file), 'utf8');
    const count = /^oom_kill (\d+)$/m.exec(text)?.[1];
    return count === undefined ? undefined : Number(count);
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENODEV')) return undefined;
    throw error;
  }
}
