import type { Health } from '@gantry/api-types';
import type { Container } from '../container.ts';
import { dockerTimestamp } from '../state/timestamps.ts';
import { healthCheckOf } from './health-check.ts';

/** `State.Health` of `docker inspect`; undefined for a container that has no check, or never ran. */
export function showHealth(container: Container): Health | undefined {
  const status = healthStatus(container);
  if (status === 'none' || container.health === undefined) return undefined;
  const { failingStreak, log } = container.health;
  return {
    Status: status,
    FailingStreak: failingStreak,
    Log: log.map(({ start, end, exitCode, output }) => ({
      Start: dockerTimestamp(start),
      End: dockerTimestamp(end),
      ExitCode: exitCode,
      Output: output,
    })),
  };
}

/** Docker's word for a container that nobody probes, as it is paused or has ended, is `unhealthy`. */
export function healthStatus({ record, state, health }: Container): NonNullable<Health['Status']> {
  if (health === undefined || healthCheckOf(record.config) === undefined) return 'none';
  return state.status === 'running' ? health.status : 'unhealthy';
}
