import type { RuntimeLinux, RuntimeMount, RuntimeProcess, RuntimeSpec } from '@gantry/oci';
import { cgroupsPathOf } from '../cgroups/cgroup-place.ts';
import { capabilitySets } from './capability-sets.ts';
import { applyEdits } from './cdi/apply-edits.ts';
import { specConfinement } from './confinement.ts';
import { defaultMounts } from './default-mounts.ts';
import { specDevices } from './devices.ts';
import { LimitNotRaisableError } from './errors.ts';
import { idMappings, isOwn, specNamespaces, timeOffsets } from './namespaces.ts';
import { ociLimits } from './oci-limits.ts';
import type { SpecHost } from './spec-host.ts';
import type { SpecOptions } from './spec-options.ts';

const initDestination = '/sbin/docker-init';
const capSysResource = 24n;

const largestGroup = 2_147_483_647;

/**
 * The OCI runtime spec of a container: Docker's defaults and the options on top. Pure but for devices, which are the host's at
 * this moment. Throws `LimitNotRaisableError`, `DeviceNotFoundError`.
 */
export function buildSpec(options: SpecOptions, host: SpecHost): RuntimeSpec {
  const spec = plainSpec(options, host);
  return options.edits === undefined ? spec : applyEdits(spec, options.edits);
}

function plainSpec(options: SpecOptions, host: SpecHost): RuntimeSpec {
  return {
    ociVersion: '1.0.2',
    process: specProcess(options, host),
    root: { path: options.rootfs, readonly: options.readOnlyRootfs },
    ...hostNames(options),
    mounts: specMounts(options),
    ...(options.annotations === undefined ? {} : { annotations: { ...options.annotations } }),
    linux: specLinux(options, host),
  };
}

function specProcess(options: SpecOptions, host: SpecHost): RuntimeProcess {
  const { terminal, user } = options;
  const hasSize = terminal !== undefined && terminal.rows > 0 && terminal.columns > 0;
  return {
    terminal: terminal !== undefined,
    ...(hasSize ? { consoleSize: { height: terminal.rows, width: terminal.columns } } : {}),
    user: { uid: user.uid, gid: user.gid, additionalGids: [...user.additionalGids] },
    args: options.initPath === undefined ? [...options.args] : [initDestination, '--', ...options.args],
    env: [...options.env],
    cwd: options.workingDirectory,
    capabilities: capabilitySets(options.capabilities, host),
    rlimits: options.rlimits.map((limit) => checkedLimit(limit, host)),
    noNewPrivileges: options.noNewPrivileges,
    ...processLabels(options),
    oomScoreAdj: options.oomScoreAdjustment,
  };
}

function processLabels({ security }: SpecOptions): Partial<RuntimeProcess> {
  const { apparmorProfile, selinux } = security ?? {};
  return {
    ...(apparmorProfile !== undefined && { apparmorProfile }),
    ...(selinux && { selinuxLabel: selinux.processLabel }),
  };
}

function checkedLimit(
  limit: SpecOptions['rlimits'][number],
  host: SpecHost,
): NonNullable<RuntimeProcess['rlimits']>[number] {
  const own = host.limits.get(limit.type);
  const mayRaise = ((host.capabilities >> capSysResource) & 1n) === 1n;
  const wanted = limit.hard === -1 ? Number.POSITIVE_INFINITY : limit.hard;
  if (own !== undefined && wanted > own.hard && !mayRaise) {
    throw new LimitNotRaisableError(limit.type, limit.hard, own.hard);
  }
  return { ...limit };
}

function specMounts(options: SpecOptions): RuntimeMount[] {
  const init: RuntimeMount[] =
    options.initPath === undefined
      ? []
      : [{ destination: initDestination, type: 'bind', source: options.initPath, options: ['bind', 'ro'] }];
  const own = options.mounts.map(({ type, source, destination, options: flags }) => ({
    destination,
    type,
    source: type === 'tmpfs' ? 'tmpfs' : source,
    options: [...flags],
  }));
  return [...defaultMounts(options), ...init, ...own];
}

function specLinux(options: SpecOptions, host: SpecHost): RuntimeLinux {
  const { devices, rules } = specDevices(options);
  return {
    namespaces: specNamespaces(options),
    ...timeOffsets(options),
    ...idMappings(options),
    cgroupsPath: cgroupsPathOf(host.cgroupDriver, options.cgroupParent, options.containerId),
    resources: { devices: [...rules], ...ociLimits(options.resources) },
    rootfsPropagation: rootPropagation(options),
    sysctl: { ...networkSysctls(options), ...options.sysctls },
    ...(devices.length > 0 && { devices }),
    ...specConfinement(options, host),
  };
}

/**
 * Docker's: any port may be bound and ping needs no privilege inside a network namespace of the container's own. The kernel takes
 * groups only that the container's user namespace has.
 */
function networkSysctls({ namespaces, userNamespace }: SpecOptions): Record<string, string> {
  if (!isOwn(namespaces.network)) return {};
  const [groups] = userNamespace?.maps.gids ?? [];
  const last = groups === undefined ? largestGroup : groups.inside + groups.count - 1;
  return {
    'net.ipv4.ip_unprivileged_port_start': '0',
    'net.ipv4.ping_group_range': `0 ${last}`,
  };
}

/** The names of the machine are not a container's to set. */
function hostNames({ namespaces, hostname, domainname }: SpecOptions): Partial<RuntimeSpec> {
  if (namespaces.uts === 'host') return {};
  return { hostname, ...(domainname === '' ? {} : { domainname }) };
}

/** A shared or slave bind needs a root that lets mounts through. */
function rootPropagation({ mounts }: SpecOptions): string {
  const flags = new Set(mounts.flatMap((mount) => mount.options));
  if (flags.has('shared') || flags.has('rshared')) return 'rshared';
  return flags.has('slave') || flags.has('rslave') ? 'rslave' : 'rprivate';
}
