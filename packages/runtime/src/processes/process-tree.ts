import { readFileSync } from 'node:fs';
import { isErrno, ProcessHandle } from '@gantry/kernel';

/** Pids of the process's children, theirs, and so on, as they are now. */
export function descendants(pid: number): number[] {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
      .split(' ')
      .filter(Boolean)
      .map(Number);
    return children.flatMap((child) => [child, ...descendants(child)]);
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ESRCH')) return [];
    throw error;
  }
}

/** Sends SIGKILL to the process that has the pid at this moment; nothing when there is none. */
export function killIfSame(pid: number): void {
  using handle = ProcessHandle.find(pid);
  handle?.signal(signalKill);
}

const signalKill = 9;
