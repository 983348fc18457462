import type { RuntimeSpec } from '@gantry/oci';

/*
 * crun 1.8 cannot make a time namespace together with a PID namespace, and runc 1.1 knows none: util-linux (2.36, for Linux 5.6)
 * makes it, and the OCI runtime, which is run in it, hands it on (time_namespaces(7)).
 */

/** What the OCI runtime's command is put behind, so that the container has the clocks that its spec asks for. */
export function timeNamespaceCommand({ linux }: RuntimeSpec): string[] {
  if (!hasTimeNamespace({ linux })) return [];
  const { monotonic, boottime } = linux.timeOffsets ?? {};
  return [
    '/usr/bin/unshare',
    '--time',
    `--monotonic=${monotonic?.secs ?? 0}`,
    `--boottime=${boottime?.secs ?? 0}`,
    '--',
  ];
}

/** The same for a further process in the time namespace of `pid`. */
export function joinTimeNamespaceCommand(pid: number): string[] {
  return ['/usr/bin/nsenter', `--time=/proc/${pid}/ns/time`, '--'];
}

export function hasTimeNamespace({ linux }: Pick<RuntimeSpec, 'linux'>): boolean {
  return linux.namespaces.some(({ type }) => type === 'time');
}

/** The spec for the OCI runtime itself, which is in the time namespace already. */
export function withoutTimeNamespace(spec: RuntimeSpec): RuntimeSpec {
  const { timeOffsets: _offsets, ...linux } = spec.linux;
  const namespaces = linux.namespaces.filter(({ type }) => type !== 'time');
  return { ...spec, linux: { ...linux, namespaces } };
}
