import { readdirSync, readFileSync } from 'node:fs';
import { cgroupsOfProcess, isErrno } from '@gantry/kernel';

/** The process works for `directory`: its shim or holder, and not another one that got the pid later. */
export function worksFor(directory: string): (pid: number) => boolean {
  return (pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').includes(directory);
    } catch (error) {
      if (isErrno(error, 'ENOENT', 'ESRCH')) return false;
      throw error;
    }
  };
}

/** The process is in the cgroup, or below it. */
export function isInCgroup(cgroupPath: string): (pid: number) => boolean {
  return (pid) =>
    [...cgroupsOfProcess(pid).values()].some(
      (path) => path.endsWith(cgroupPath) || path.includes(`${cgroupPath}/`),
    );
}

/**
 * All processes that work for `directory`: its shim, its holder, the OCI runtime. Asked after the folder was moved away,
 * the answer is final: who comes later does not find the folder and gives up.
 */
export function processesWorkingFor(directory: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter(worksFor(directory));
}
