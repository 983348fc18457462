import { readFileSync } from 'node:fs';
import os from 'node:os';
import type { CgroupDriver } from '../cgroups/cgroup-place.ts';

/** What a spec depends on beyond its options: facts of the machine and of this process, read once. */
export interface SpecHost {
  /** 2 on a unified hierarchy; 1 on v1 and hybrid hosts. */
  cgroupVersion: 1 | 2;
  cgroupDriver: CgroupDriver;
  /** Capability numbers that this process may hand on (its bounding and permitted sets). */
  capabilities: bigint;
  /** `kernel.major * 1000 + minor`. */
  kernelVersion: number;
  architecture: NodeJS.Architecture;
  /** Soft and hard resource limits by their OCI name (`RLIMIT_NOFILE`); `Infinity` for unlimited. */
  limits: ReadonlyMap<string, { soft: number; hard: number }>;
}

/** proc_pid_limits(5) */
const limitNames: Readonly<Record<string, string>> = {
  'Max cpu time': 'RLIMIT_CPU',
  'Max file size': 'RLIMIT_FSIZE',
  'Max data size': 'RLIMIT_DATA',
  'Max stack size': 'RLIMIT_STACK',
  'Max core file size': 'RLIMIT_CORE',
  'Max resident set': 'RLIMIT_RSS',
  'Max processes': 'RLIMIT_NPROC',
  'Max open files': 'RLIMIT_NOFILE',
  'Max locked memory': 'RLIMIT_MEMLOCK',
  'Max address space': 'RLIMIT_AS',
  'Max file locks': 'RLIMIT_LOCKS',
  'Max pending signals': 'RLIMIT_SIGPENDING',
  'Max msgqueue size': 'RLIMIT_MSGQUEUE',
  'Max nice priority': 'RLIMIT_NICE',
  'Max realtime priority': 'RLIMIT_RTPRIO',
  'Max realtime timeout': 'RLIMIT_RTTIME',
};

/** Reads the facts of this machine; `cgroups` is what the kernel package detected, and the driver (cgroupfs when missing). */
export function readSpecHost(cgroups: { cgroupVersion: 1 | 2; cgroupDriver?: CgroupDriver }): SpecHost {
  const [major = '0', minor = '0'] = os.release().split('.');
  return {
    cgroupVersion: cgroups.cgroupVersion,
    cgroupDriver: cgroups.cgroupDriver ?? 'cgroupfs',
    capabilities: readCapabilities(),
    kernelVersion: Number(major) * 1000 + Number.parseInt(minor, 10),
    architecture: process.arch,
    limits: readLimits(),
  };
}

function readCapabilities(): bigint {
  const status = readFileSync('/proc/self/status', 'utf8');
  const set = (name: string): bigint =>
    BigInt(`0x${new RegExp(`^${name}:\\s*([0-9a-f]+)$`, 'm').exec(status)?.[1] ?? '0'}`);
  return set('CapBnd') & set('CapPrm');
}

function readLimits(): Map<string, { soft: number; hard: number }> {
  const limits = new Map<string, { soft: number; hard: number }>();
  for (const line of readFileSync('/proc/self/limits', 'utf8').split('\n')) {
    const [label = '', soft = '', hard = ''] = line.split(/\s{2,}/);
    const name = limitNames[label];
    if (name !== undefined) limits.set(name, { soft: limitValue(soft), hard: limitValue(hard) });
  }
  return limits;
}

function limitValue(text: string): number {
  return text === 'unlimited' ? Number.POSITIVE_INFINITY : Number(text);
}
