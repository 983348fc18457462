import { readFileSync } from 'node:fs';

/**
 * What the OCI runtime's command is put behind, so that the process has its container's score: crun 1.8 sets that of a first
 * process only, and not if it is 0. Nothing where it has it anyway.
 */
export function oomScoreCommand(wanted: number | undefined): string[] {
  if (wanted === undefined || wanted === ownOomScoreAdjustment()) return [];
  return ['/usr/bin/choom', '-n', String(wanted), '--'];
}

/** What this process, and whatever it starts, has unless told otherwise (proc_pid_oom_score_adj(5)). */
function ownOomScoreAdjustment(): number {
  return Number(readFileSync('/proc/self/oom_score_adj', 'utf8'));
}
