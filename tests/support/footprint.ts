import { readdirSync, readFileSync } from 'node:fs';

/** What an engine holds: it must not grow with what it has served. */
export interface Footprint {
  descriptors: number;
  childProcesses: number;
  mounts: number;
}

export function footprintOf(pid: number): Footprint {
  return {
    descriptors: readdirSync(`/proc/${pid}/fd`).length,
    childProcesses: childrenOf(pid).length,
    mounts: readFileSync(`/proc/${pid}/mountinfo`, 'utf8').split('\n').length,
  };
}

/** Pids of the direct children, over all threads (proc_pid_task(5): children). */
export function childrenOf(pid: number): number[] {
  return readdirSync(`/proc/${pid}/task`)
    .map((thread) => readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8'))
    .flatMap((list) => list.split(' ').filter((word) => word !== ''))
    .map(Number);
}

/** The most memory the process ever had resident (proc_pid_status(5): VmHWM), in bytes. */
export function peakResidentBytes(pid: number): number {
  const line = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(line?.[1]) * 1024;
}

/** False once it has ended, also while nobody has reaped it. */
export function isAlive(pid: number): boolean {
  try {
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return false;
  }
}
