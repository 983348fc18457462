import type { HostConfig } from '@gantry/api-types';
import { InvalidOptionError } from '../../errors.ts';

/** namespaces(7): kernel settings that each IPC namespace has of its own. */
const ipcSettings: ReadonlySet<string> = new Set(
  'msgmax msgmnb msgmni sem shmall shmmax shmmni shm_rmid_forced'.split(' ').map((name) => `kernel.${name}`),
);

/**
 * The kernel settings of a container: those that its own namespaces have. Throws `InvalidOptionError`, in the words of the OCI
 * runtime that Docker hands them to, for any other, and for those of a namespace that is the host's.
 */
export function containerSysctls(host: HostConfig): Record<string, string> {
  const sysctls = host.Sysctls ?? {};
  for (const [name, value] of Object.entries(sysctls)) check(name, value, host);
  return { ...sysctls };
}

function check(name: string, value: string, host: HostConfig): void {
  const quoted = JSON.stringify(name);
  // A slash stands for a dot in sysctl(8), and a path of dots leads elsewhere.
  if (!/^[\w-]+([./][\w-]+)+$/.test(name) || /[\0\n]/.test(value)) fail(`sysctl ${quoted} is not a setting`);
  const dotted = name.includes('/') ? name.replaceAll('/', '.') : name;
  if (dotted.startsWith('net.')) {
    if (host.NetworkMode === 'host') fail(`sysctl ${quoted} not allowed in host network namespace`);
  } else if (ipcSettings.has(dotted) || dotted.startsWith('fs.mqueue.')) {
    if (host.IpcMode === 'host') fail(`sysctl ${quoted} is not allowed in the hosts ipc namespace`);
  } else {
    fail(`sysctl ${quoted} is not in a separate kernel namespace`);
  }
}

function fail(message: string): never {
  throw new InvalidOptionError(message, { option: 'HostConfig.Sysctls' });
}
