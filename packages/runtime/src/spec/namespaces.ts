import type { IdRange } from '@gantry/kernel';
import type { RuntimeIdMapping, RuntimeLinux } from '@gantry/oci';
import type { SpecOptions } from './spec-options.ts';

type Namespaces = RuntimeLinux['namespaces'];

/** A namespace of a container: a fresh one, one that was made for it, another container's (both by path), or the host's. */
export type SpecNamespace = 'new' | 'host' | { made: string } | { joined: string };

/** The namespaces of a container; its mount namespace is always its own. */
export interface SpecNamespaces {
  network: SpecNamespace;
  ipc: SpecNamespace;
  pid: SpecNamespace;
  uts: 'new' | 'host';
  cgroup: 'new' | 'host';
  /** Seconds that the clocks of a time namespace are ahead of the host's; missing for the host's clocks. */
  time?: { monotonic: number; boottime: number };
}

/** What most containers have: everything their own. On cgroup v1 Docker's default for `cgroup` is the host's. */
export const ownNamespaces: SpecNamespaces = {
  network: 'new',
  ipc: 'new',
  pid: 'new',
  uts: 'new',
  cgroup: 'new',
};

/** The container's alone: settings of it concern nobody else. */
export function isOwn(namespace: SpecNamespace): boolean {
  return namespace === 'new' || (namespace !== 'host' && 'made' in namespace);
}

/** The spec's list: a namespace that is not in it is the host's. */
export function specNamespaces({
  namespaces,
  userNamespace,
}: Pick<SpecOptions, 'namespaces' | 'userNamespace'>): Namespaces {
  const { network, ipc, pid, uts, cgroup, time } = namespaces;
  return [
    { type: 'mount' },
    ...listed('uts', uts),
    ...listed('pid', pid),
    ...listed('ipc', ipc),
    ...listed('cgroup', cgroup),
    ...listed('network', network),
    ...listed('time', time === undefined ? 'host' : 'new'),
    ...(userNamespace === undefined ? [] : [{ type: 'user' as const, path: userNamespace.path }]),
  ];
}

/** How the ids of a user namespace lie in the host's; nothing for the host's users. */
export function idMappings({
  userNamespace,
}: Pick<SpecOptions, 'userNamespace'>): Pick<RuntimeLinux, 'uidMappings' | 'gidMappings'> {
  if (userNamespace === undefined) return {};
  const { uids, gids } = userNamespace.maps;
  return { uidMappings: mappings(uids), gidMappings: mappings(gids) };
}

/** The clocks of a time namespace, as the spec writes them. */
export function timeOffsets({ namespaces: { time } }: SpecOptions): Pick<RuntimeLinux, 'timeOffsets'> {
  if (time === undefined) return {};
  return { timeOffsets: { monotonic: { secs: time.monotonic }, boottime: { secs: time.boottime } } };
}

function listed(type: Namespaces[number]['type'], namespace: SpecNamespace): Namespaces {
  if (namespace === 'host') return [];
  if (namespace === 'new') return [{ type }];
  return [{ type, path: 'made' in namespace ? namespace.made : namespace.joined }];
}

function mappings(ranges: readonly IdRange[]): RuntimeIdMapping[] {
  return ranges.map(({ inside, outside, count }) => ({ containerID: inside, hostID: outside, size: count }));
}
