/** Wire shape of the OCI runtime spec's config.json, as far as Linux containers use it. */
export interface RuntimeSpec {
  ociVersion: string;
  process: RuntimeProcess;
  root: { path: string; readonly?: boolean };
  hostname?: string;
  domainname?: string;
  mounts: RuntimeMount[];
  annotations?: Record<string, string>;
  hooks?: Partial<Record<RuntimeHookName, RuntimeHook[]>>;
  linux: RuntimeLinux;
}

export type RuntimeHookName =
  | 'prestart'
  | 'createRuntime'
  | 'createContainer'
  | 'startContainer'
  | 'poststart'
  | 'poststop';

/** A program of the host that the OCI runtime runs at one step of a container's life. */
export interface RuntimeHook {
  path: string;
  args?: string[];
  env?: string[];
  timeout?: number;
}

export interface RuntimeProcess {
  terminal?: boolean;
  consoleSize?: { height: number; width: number };
  user: { uid: number; gid: number; umask?: number; additionalGids?: number[] };
  args: string[];
  env?: string[];
  cwd: string;
  capabilities?: Record<'bounding' | 'effective' | 'inheritable' | 'permitted' | 'ambient', string[]>;
  rlimits?: { type: string; soft: number; hard: number }[];
  apparmorProfile?: string;
  selinuxLabel?: string;
  noNewPrivileges?: boolean;
  oomScoreAdj?: number;
}

export interface RuntimeMount {
  destination: string;
  type?: string;
  source?: string;
  options?: string[];
}

export interface RuntimeLinux {
  namespaces: {
    type: 'pid' | 'network' | 'mount' | 'ipc' | 'uts' | 'user' | 'cgroup' | 'time';
    path?: string;
  }[];
  /** Of a time namespace: what its clocks are ahead of the host's. */
  timeOffsets?: Partial<Record<'monotonic' | 'boottime', { secs: number; nanosecs?: number }>>;
  uidMappings?: RuntimeIdMapping[];
  gidMappings?: RuntimeIdMapping[];
  devices?: {
    type: string;
    path: string;
    major?: number;
    minor?: number;
    fileMode?: number;
    uid?: number;
    gid?: number;
  }[];
  cgroupsPath?: string;
  resources?: RuntimeResources;
  rootfsPropagation?: string;
  seccomp?: RuntimeSeccomp;
  sysctl?: Record<string, string>;
  maskedPaths?: string[];
  readonlyPaths?: string[];
  mountLabel?: string;
}

export interface RuntimeIdMapping {
  containerID: number;
  hostID: number;
  size: number;
}

export interface RuntimeResources {
  devices?: { allow: boolean; type?: string; major?: number; minor?: number; access?: string }[];
  memory?: {
    limit?: number;
    reservation?: number;
    swap?: number;
    swappiness?: number;
    disableOOMKiller?: boolean;
    kernelTCP?: number;
  };
  cpu?: {
    shares?: number;
    quota?: number;
    period?: number;
    realtimeRuntime?: number;
    realtimePeriod?: number;
    cpus?: string;
    mems?: string;
  };
  pids?: { limit: number };
  blockIO?: RuntimeBlockIo;
  hugepageLimits?: { pageSize: string; limit: number }[];
}

export interface RuntimeBlockIo {
  weight?: number;
  weightDevice?: { major: number; minor: number; weight: number }[];
  throttleReadBpsDevice?: RuntimeThrottle[];
  throttleWriteBpsDevice?: RuntimeThrottle[];
  throttleReadIOPSDevice?: RuntimeThrottle[];
  throttleWriteIOPSDevice?: RuntimeThrottle[];
}

/** `rate` is bytes or operations a second. */
export interface RuntimeThrottle {
  major: number;
  minor: number;
  rate: number;
}

export interface RuntimeSeccomp {
  defaultAction: string;
  defaultErrnoRet?: number;
  architectures?: string[];
  flags?: string[];
  syscalls?: RuntimeSyscall[];
}

export interface RuntimeSyscall {
  names: string[];
  action: string;
  errnoRet?: number;
  args?: { index: number; value: number; valueTwo?: number; op: string }[];
}
