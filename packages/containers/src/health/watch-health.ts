import { errorMessage } from '@gantry/base';
import type { Container, ContainerRun } from '../container.ts';
import type { ContainerEnvironment } from '../environment.ts';
import { publishContainerEvent } from '../events/container-events.ts';
import { restartUnhealthy } from '../restart/restart-unhealthy.ts';
import { parseTimestamp } from '../state/timestamps.ts';
import { type HealthCheck, healthCheckOf } from './health-check.ts';
import { type HealthState, healthAfter, healthAtStart, probeDelayMs } from './health-state.ts';
import { runProbe } from './run-probe.ts';

/** Begins the health of a run that has just started; nothing when the container has no check. */
export function beginHealth(environment: ContainerEnvironment, container: Container): void {
  if (healthCheckOf(container.record.config) === undefined) return;
  environment.health.save(container, healthAtStart(container.health));
  watchHealth(environment, container);
}

/** Goes on with the probes of a container that runs: after a pause, or with a new engine. Idempotent. */
export function watchHealth(environment: ContainerEnvironment, container: Container): void {
  const { run, state } = container;
  const check = healthCheckOf(container.record.config);
  if (check === undefined || run === undefined || state.status !== 'running') return;
  stopHealth(container);
  const watch = new AbortController();
  container.healthWatch = watch;
  const signal = AbortSignal.any([watch.signal, environment.closing]);
  // An engine that died between the news and what follows from it.
  if (container.health?.status === 'unhealthy') restartUnhealthy(environment, container, run);
  probeAgainAndAgain(environment, container, { run, check, signal }).catch((error: unknown) => {
    if (signal.aborted) return;
    environment.logger.error('the health of a container is no longer watched', {
      containerId: container.id,
      error: errorMessage(error),
    });
  });
}

/** Ends the probes, and kills one that is under way. Idempotent. */
export function stopHealth(container: Container): void {
  container.healthWatch?.abort();
  container.healthWatch = undefined;
}

interface HealthWatch {
  run: ContainerRun;
  check: HealthCheck;
  signal: AbortSignal;
}

async function probeAgainAndAgain(
  environment: ContainerEnvironment,
  container: Container,
  { run, check, signal }: HealthWatch,
): Promise<never> {
  const { clock, health, probes } = environment;
  const startedAtMs = Number(parseTimestamp(container.state.last.startedAt) / 1_000_000n);
  for (;;) {
    const before = container.health ?? healthAtStart(undefined);
    const sinceStartMs = clock.now().getTime() - startedAtMs;
    await clock.sleep(probeDelayMs(before, { check, sinceStartMs }), signal);
    const probedSinceStartMs = clock.now().getTime() - startedAtMs;
    const result = await runProbe(environment, container, { check, signal });
    signal.throwIfAborted();
    if (result === undefined) continue;
    probes.total += 1;
    if (result.exitCode !== 0) probes.failed += 1;
    const after = healthAfter(before, result, { check, sinceStartMs: probedSinceStartMs });
    health.save(container, after);
    if (after.status !== before.status) onChange(environment, container, { run, status: after.status });
  }
}

function onChange(
  environment: ContainerEnvironment,
  container: Container,
  { run, status }: { run: ContainerRun; status: HealthState['status'] },
): void {
  publishContainerEvent(environment.events, container, `health_status: ${status}`);
  if (status === 'unhealthy') restartUnhealthy(environment, container, run);
}
