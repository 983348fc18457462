import { existsSync } from 'node:fs';
import type { RuntimeMount } from '@gantry/oci';
import type { SharedMemory, SpecOptions } from './spec-options.ts';

const quiet = ['nosuid', 'noexec', 'nodev'];

/**
 * What Docker mounts in every container, in order; what the user mounts at the same place takes its place. A privileged
 * container may write to /sys and its cgroups.
 */
export function defaultMounts(options: SpecOptions): RuntimeMount[] {
  const access = options.privileged ? 'rw' : 'ro';
  const cgroupAccess = options.security?.writableCgroups === true ? 'rw' : access;
  const mounts: RuntimeMount[] = [
    { destination: '/proc', type: 'proc', source: 'proc', options: quiet },
    {
      destination: '/dev',
      type: 'tmpfs',
      source: 'tmpfs',
      options: ['nosuid', 'strictatime', 'mode=755', 'size=65536k'],
    },
    {
      destination: '/dev/pts',
      type: 'devpts',
      source: 'devpts',
      options: ['nosuid', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620', 'gid=5'],
    },
    { destination: '/sys', type: 'sysfs', source: 'sysfs', options: [...quiet, access] },
    { destination: '/sys/fs/cgroup', type: 'cgroup', source: 'cgroup', options: [...quiet, cgroupAccess] },
    ...messageQueues(options),
    ...sharedMemoryMount(options.sharedMemory),
  ];
  const taken = new Set(options.mounts.map((mount) => mount.destination));
  return mounts.filter((mount) => !taken.has(mount.destination));
}

/** The host's queues are not to be mounted by users of a container's own: bound, they are there, where the host has them. */
function messageQueues({ namespaces, userNamespace }: SpecOptions): RuntimeMount[] {
  const destination = '/dev/mqueue';
  if (userNamespace === undefined || namespaces.ipc !== 'host') {
    return [{ destination, type: 'mqueue', source: 'mqueue', options: quiet }];
  }
  if (!existsSync(destination)) return [];
  return [{ destination, type: 'bind', source: destination, options: ['rbind', 'rprivate', ...quiet] }];
}

function sharedMemoryMount(memory: SharedMemory): RuntimeMount[] {
  if (memory === 'none') return [];
  const destination = '/dev/shm';
  if ('path' in memory) {
    return [{ destination, type: 'bind', source: memory.path, options: ['rbind', 'rprivate'] }];
  }
  const options = [...quiet, 'mode=1777', `size=${memory.sizeBytes}`];
  return [{ destination, type: 'tmpfs', source: 'shm', options }];
}

/** Kernel interfaces that tell or do more than a container should. */
export const maskedPaths: readonly string[] = [
  '/proc/acpi',
  '/proc/asound',
  '/proc/interrupts',
  '/proc/kcore',
  '/proc/keys',
  '/proc/latency_stats',
  '/proc/sched_debug',
  '/proc/scsi',
  '/proc/timer_list',
  '/proc/timer_stats',
  '/sys/devices/virtual/powercap',
  '/sys/firmware',
];

export const readOnlyPaths: readonly string[] = [
  '/proc/bus',
  '/proc/fs',
  '/proc/irq',
  '/proc/sys',
  '/proc/sysrq-trigger',
];
