import { readFileSync } from 'node:fs';
import type { Clock } from '@gantry/base';
import { isErrno, ProcessHandle } from '@gantry/kernel';

/** Pids of the process's children, theirs, and so on, as they are now: one that forks meanwhile has more. See `killTree`. */
export function descendants(pid: number): number[] {
  return childrenOf(pid).flatMap((child) => [child, ...descendants(child)]);
}

/**
 * Sends SIGKILL to a process and to all that it has started and still is the parent of, what it forks in this moment
 * included: each is stopped before it is asked for its children, and has none but these from then on. Its parent keeps it
 * from being reaped meanwhile, so that no pid is another's. One that does not stop within a second (state D) is asked
 * as it is. Idempotent; does not wait for the deaths.
 */
export async function killTree(root: ProcessHandle, clock: Clock): Promise<void> {
  using stopped = new DisposableStack();
  const handles = [root];
  // Grows while it is walked.
  for (const handle of handles) {
    if (!(await stop(handle, clock))) continue;
    for (const pid of childrenOf(handle.pid)) {
      const child = ProcessHandle.find(pid);
      if (child !== undefined) handles.push(stopped.use(child));
    }
  }
  for (const handle of handles) handle.signal(signalKill);
}

/** Sends SIGKILL to the process that has the pid at this moment; nothing when there is none. */
export function killIfSame(pid: number): void {
  using handle = ProcessHandle.find(pid);
  handle?.signal(signalKill);
}

/** False when it is dead. */
async function stop(handle: ProcessHandle, clock: Clock): Promise<boolean> {
  if (!handle.signal(signalStop)) return false;
  for (let waitedMs = 0; waitedMs < stopMs && handle.isAlive(); waitedMs += 1) {
    if (stoppedStates.has(stateOf(handle.pid))) break;
    await clock.sleep(1);
  }
  return handle.isAlive();
}

function childrenOf(pid: number): number[] {
  const list = readProcess(pid, `task/${pid}/children`);
  return list.split(' ').filter(Boolean).map(Number);
}

/** One letter, as in proc_pid_stat(5); empty when there is no such process. */
function stateOf(pid: number): string {
  const stat = readProcess(pid, 'stat');
  return stat.charAt(stat.lastIndexOf(')') + 2);
}

function readProcess(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'latin1');
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ESRCH')) return '';
    throw error;
  }
}

const stoppedStates: ReadonlySet<string> = new Set(['T', 't']);
const stopMs = 1000;
const signalKill = 9;
const signalStop = 19;
