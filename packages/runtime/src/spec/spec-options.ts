import type { CgroupLimits, IdMaps } from '@gantry/kernel';
import type { TerminalSize } from '../container-runtime.ts';
import type { ContainerEdits } from './cdi/container-edits.ts';
import type { DeviceRule } from './devices.ts';
import type { SpecNamespaces } from './namespaces.ts';
import type { SeccompProfile } from './seccomp/seccomp-profile.ts';

/**
 * What a container's OCI runtime spec is built from: Docker's options after defaults, names and paths were resolved.
 * `buildSpec(options)` adds Docker's defaults: namespaces, mounts, devices, seccomp profile, masked and read-only paths.
 */
export interface SpecOptions {
  containerId: string;
  rootfs: string;
  readOnlyRootfs: boolean;
  args: readonly string[];
  /** `KEY=value`, complete: PATH, HOSTNAME, TERM and HOME are in it where Docker sets them. */
  env: readonly string[];
  /** Absolute, inside the container; made if missing by whoever calls. */
  workingDirectory: string;
  user: SpecUser;
  terminal?: TerminalSize;
  hostname: string;
  domainname: string;
  /** After cap-add and cap-drop, `CAP_…`; all of them when privileged. */
  capabilities: readonly string[];
  privileged: boolean;
  noNewPrivileges: boolean;
  /** Docker's confinement when missing. */
  security?: SpecSecurity;
  /** Devices of the host, looked up when the spec is built; a privileged container has all of them besides. */
  devices?: readonly SpecDevice[];
  /** What devices by specification files ask for. */
  edits?: ContainerEdits;
  /** What else may be used by the devices cgroup. */
  deviceRules?: readonly DeviceRule[];
  namespaces: SpecNamespaces;
  /** The container's users are its own: a namespace that is there, to which those of `namespaces` that were made belong. */
  userNamespace?: SpecUserNamespace;
  /** Kernel settings of those namespaces, by their dotted names; Docker's own are added where the network is the container's. */
  sysctls?: Readonly<Record<string, string>>;
  /** In order; a later one may lie inside an earlier one. Docker's own (proc, dev, sys …) are added by `buildSpec`. */
  mounts: readonly SpecMount[];
  sharedMemory: SharedMemory;
  resources: CgroupLimits;
  /** -1000 to 1000 (proc_pid_oom_score_adj(5)). */
  oomScoreAdjustment: number;
  rlimits: readonly { type: string; soft: number; hard: number }[];
  /** Path of an init binary on the host (catatonit, tini): becomes PID 1 with `args` behind it. */
  initPath?: string;
  /** Parent cgroup, below which the container gets one named by its id; with the systemd driver a slice. */
  cgroupParent: string;
  annotations?: Readonly<Record<string, string>>;
}

export interface SpecUserNamespace {
  path: string;
  maps: IdMaps;
}

/** What is at /dev/shm: a tmpfs of the container's own, a directory that is shared, or nothing. */
export type SharedMemory = { sizeBytes: number } | { path: string } | 'none';

export interface SpecSecurity {
  /** `default` is Docker's own profile. */
  seccomp?: SeccompProfile | 'default' | 'unconfined';
  /** A profile that the host has loaded. */
  apparmorProfile?: string;
  selinux?: { processLabel: string; mountLabel: string };
  /** Hidden from the container; Docker's own list when missing. */
  maskedPaths?: readonly string[];
  readOnlyPaths?: readonly string[];
  /** /sys/fs/cgroup may be written to, as in a privileged container. */
  writableCgroups?: boolean;
}

/** A device node of the host, or a directory of them. */
export interface SpecDevice {
  pathOnHost: string;
  pathInContainer: string;
  /** Of `r`, `w` and `m`. */
  access: string;
}

export interface SpecUser {
  uid: number;
  gid: number;
  additionalGids: readonly number[];
}

export interface SpecMount {
  type: 'bind' | 'tmpfs';
  /** Host path of a bind; ignored for tmpfs. */
  source: string;
  /** Absolute path in the container. */
  destination: string;
  /** OCI mount options, such as `rbind`, `ro`, `rprivate`, `size=64m`. */
  options: readonly string[];
}
