import type { ContainerState } from '../state/container-state.ts';
import { parseTimestamp } from '../state/timestamps.ts';
import { humanDuration } from './human-duration.ts';

/** The column `STATUS` of `docker ps`. */
export function statusText(state: ContainerState, nowMs: number): string {
  const { startedAt, finishedAt, exitCode } = state.last;
  const since = (time: string): string =>
    humanDuration(Math.max(0, nowMs - Number(parseTimestamp(time) / 1_000_000n)));
  switch (state.status) {
    case 'running':
      return `Up ${since(startedAt)}`;
    case 'paused':
      return `Up ${since(startedAt)} (Paused)`;
    case 'restarting':
      return `Restarting (${exitCode}) ${since(finishedAt)} ago`;
    case 'removing':
      return 'Removal In Progress';
    case 'dead':
      return 'Dead';
    case 'created':
      return 'Created';
    case 'exited':
      return finishedAt === '' ? 'Created' : `Exited (${exitCode}) ${since(finishedAt)} ago`;
  }
}
