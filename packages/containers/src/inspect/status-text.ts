import type { Container } from '../container.ts';
import { healthStatus } from '../health/show-health.ts';
import { timestampMs } from '../state/timestamps.ts';
import { humanDuration } from './human-duration.ts';

/** The column `STATUS` of `docker ps`. */
export function statusText(container: Container, nowMs: number): string {
  const { state } = container;
  const { startedAt, finishedAt, exitCode } = state.last;
  const since = (time: string): string => humanDuration(Math.max(0, nowMs - timestampMs(time)));
  switch (state.status) {
    case 'running':
      return `Up ${since(startedAt)}${healthText(container)}`;
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

function healthText(container: Container): string {
  const status = healthStatus(container);
  if (status === 'none') return '';
  return status === 'starting' ? ' (health: starting)' : ` (${status})`;
}
