import type { RestartPolicy } from '@gantry/api-types';
import type { Container } from '../container.ts';

const firstDelayMs = 100;
const longestDelayMs = 60_000;
/** A run of this length forgets the waits before it. */
const resetAfterMs = 10_000;

export type RestartDecision = { restart: false } | { restart: true; delayMs: number };

/**
 * What the restart policy says at the end of a run, with Docker's back-off: 100 ms, doubled each time up to a minute,
 * from the beginning again after a run of ten seconds. A container that a user stops is left alone.
 */
export function decideRestart(
  container: Container,
  { exitCode, ranMs }: { exitCode: number; ranMs: number },
): RestartDecision {
  const { manuallyStopped, restartCount, state } = container.record;
  if (manuallyStopped || ('stopping' in state && state.stopping)) return { restart: false };
  if (!policyRestarts(container, exitCode, restartCount)) return { restart: false };
  const previous = ranMs >= resetAfterMs ? 0 : container.restartDelayMs;
  const delayMs = previous === 0 ? firstDelayMs : Math.min(previous * 2, longestDelayMs);
  container.restartDelayMs = delayMs;
  return { restart: true, delayMs };
}

/** Whether an engine that starts up starts the container: it ended while no engine ran, or the machine restarted. */
export function startsWithEngine(container: Container): boolean {
  const { manuallyStopped, state } = container.record;
  if (state.last.startedAt === '') return false;
  if (policyName(container) === 'always') return true;
  return !manuallyStopped && policyRestarts(container, state.last.exitCode, container.record.restartCount);
}

/** One of Docker's policies, or ours: `on-unhealthy` restarts after a failure, and when the health check fails. */
export function policyName({ record }: Container): NonNullable<RestartPolicy['Name']> {
  return record.hostConfig.RestartPolicy?.Name ?? 'no';
}

function policyRestarts(container: Container, exitCode: number, restartCount: number): boolean {
  const { MaximumRetryCount: retries = 0 } = container.record.hostConfig.RestartPolicy ?? {};
  const isLeft = retries === 0 || restartCount < retries;
  switch (policyName(container)) {
    case 'always':
    case 'unless-stopped':
      return true;
    case 'on-failure':
      return exitCode !== 0 && isLeft;
    case 'on-unhealthy':
      return (exitCode !== 0 || container.health?.status === 'unhealthy') && isLeft;
    case '':
    case 'no':
      return false;
  }
}
