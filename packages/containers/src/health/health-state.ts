import type { HealthCheck } from './health-check.ts';

/** What is known of a container's health; replaced whole at each probe. */
export interface HealthState {
  status: 'starting' | 'healthy' | 'unhealthy';
  /** Failed probes since the last that succeeded. */
  failingStreak: number;
  /** The last probes, oldest first. */
  log: readonly ProbeResult[];
}

/** One probe that is over. Times are RFC 3339 with nine digits of a second, UTC. */
export interface ProbeResult {
  start: string;
  end: string;
  /** 0 is healthy; -1 when it could not be run or took too long. */
  exitCode: number;
  output: string;
}

const loggedProbes = 5;

/** Health at the start of a run: the probes of earlier runs stay in the log, as in Docker. */
export function healthAtStart(previous: HealthState | undefined): HealthState {
  return { status: 'starting', failingStreak: 0, log: previous?.log ?? [] };
}

/** Health after a further probe. `sinceStartMs` is the age of the run when the probe began. */
export function healthAfter(
  state: HealthState,
  result: ProbeResult,
  { check, sinceStartMs }: { check: HealthCheck; sinceStartMs: number },
): HealthState {
  const log = [...state.log, result].slice(-loggedProbes);
  if (result.exitCode === 0) return { status: 'healthy', failingStreak: 0, log };
  if (state.status === 'starting' && sinceStartMs < check.startPeriodMs) return { ...state, log };
  const failingStreak = state.failingStreak + 1;
  return { status: failingStreak >= check.retries ? 'unhealthy' : state.status, failingStreak, log };
}

/** How long to wait before the next probe. */
export function probeDelayMs(
  { status }: HealthState,
  { check, sinceStartMs }: { check: HealthCheck; sinceStartMs: number },
): number {
  const isStarting = status === 'starting' && sinceStartMs < check.startPeriodMs;
  return isStarting ? check.startIntervalMs : check.intervalMs;
}
