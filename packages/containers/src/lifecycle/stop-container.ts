import { errorMessage, faultPoint } from '@gantry/base';
import type { Container, ContainerRun } from '../container.ts';
import type { ContainerEnvironment } from '../environment.ts';
import { ContainerUnchangedError, InvalidOptionError } from '../errors.ts';
import { publishContainerEvent } from '../events/container-events.ts';
import { cancelRestart } from '../restart/plan-restart.ts';
import { parseSignal, sigkill, sigterm } from '../signals.ts';
import { countsAsRunning, isActive } from '../state/container-state.ts';
import { sendSignal, thaw } from './kill-container.ts';

const defaultTimeoutSeconds = 10;

export interface StopOptions {
  /** The container's stop signal when missing. */
  signal?: string;
  /** Time before SIGKILL; the container's when missing, below 0 for ever. */
  timeoutSeconds?: number;
}

/**
 * Asks a container to end, and ends it after the timeout. Resolves when its end is recorded. A restart policy does not
 * bring it back. Throws `ContainerUnchangedError` when it does not run, `InvalidOptionError` for an unknown signal.
 */
export async function stopContainer(
  environment: ContainerEnvironment,
  container: Container,
  options: StopOptions,
): Promise<void> {
  const signalText = options.signal ?? '';
  const signal = signalToSend(container, signalText);
  const timeoutSeconds = options.timeoutSeconds ?? stopTimeoutSecondsOf(container);
  const run = await environment.locks.run(container.id, () => beginStop(environment, container, signal));
  if (run !== undefined) await killUnlessEnded(environment, container, { run, timeoutSeconds });
  faultPoint('stop/ended');
  publishContainerEvent(environment.events, container, 'stop');
}

/** A run to be ended: asked by `signal`, and killed `timeoutSeconds` later; below 0 never. */
export interface RunEnding {
  run: ContainerRun;
  signal: number;
  timeoutSeconds: number;
}

/** Ends a run and leaves the rest to the restart policy. Resolves when its end is recorded. */
export async function endRun(
  environment: ContainerEnvironment,
  container: Container,
  { run, signal, timeoutSeconds }: RunEnding,
): Promise<void> {
  await environment.locks.run(container.id, () => {
    if (container.run === run) sendSignal(environment, container, signal);
  });
  await killUnlessEnded(environment, container, { run, timeoutSeconds });
}

async function killUnlessEnded(
  environment: ContainerEnvironment,
  container: Container,
  { run, timeoutSeconds }: Omit<RunEnding, 'signal'>,
): Promise<void> {
  if (await endsWithin(environment, run, timeoutSeconds)) return;
  await environment.locks.run(container.id, () => {
    if (container.run === run) sendSignal(environment, container, sigkill);
  });
  await run.ended;
}

/** `StopTimeout` of the container, ten seconds without one. */
export function stopTimeoutSecondsOf({ record }: Container): number {
  return record.config.StopTimeout ?? defaultTimeoutSeconds;
}

/** `StopSignal` of the container, SIGTERM without one. */
export function stopSignalOf({ record }: Container): string {
  const signal = record.config.StopSignal ?? '';
  return signal === '' ? String(sigterm) : signal;
}

/**
 * Ends a container that may run, at once and for good: its lock is not held. Resolves when its end is recorded. The
 * restart policy does not bring it back.
 */
export async function killForGood(environment: ContainerEnvironment, container: Container): Promise<void> {
  const run = await environment.locks.run(container.id, () => {
    if (countsAsRunning(container.state)) return beginStop(environment, container, sigkill);
    return undefined;
  });
  await run?.ended;
}

/** The run that is to end; undefined when the container was only waiting for its restart. */
async function beginStop(
  environment: ContainerEnvironment,
  container: Container,
  signal: number,
): Promise<ContainerRun | undefined> {
  if (container.state.status === 'restarting') {
    cancelRestart(environment, container);
    return undefined;
  }
  const { run } = container;
  if (!isActive(container.state) || run === undefined) {
    throw new ContainerUnchangedError(container.id, `container ${container.id} is already stopped`);
  }
  markStopped(environment, container);
  faultPoint('stop/marked');
  sendSignal(environment, container, signal);
  faultPoint('stop/signalled');
  if (container.state.status === 'paused') await thaw(environment, container);
  return run;
}

/** Stored, so that no restart policy undoes the stop, whichever engine sees the end, which is synced when it is told. */
export function markStopped({ registry }: ContainerEnvironment, container: Container): void {
  registry.applySoon(container, { type: 'stop-begun' }, { manuallyStopped: true });
}

/** Whether the run's end is recorded within that time; below 0 any time will do. */
export async function endsWithin(
  { clock }: ContainerEnvironment,
  run: ContainerRun,
  timeoutSeconds: number,
): Promise<boolean> {
  if (timeoutSeconds < 0) {
    await run.ended;
    return true;
  }
  const stop = new AbortController();
  const timeout = clock.sleep(timeoutSeconds * 1000, stop.signal).then(
    () => false,
    () => true,
  );
  const inTime = await Promise.race([run.ended.then(() => true), timeout]);
  stop.abort();
  return inTime;
}

function signalToSend(container: Container, given: string): number {
  if (given === '') return parseSignal(stopSignalOf(container));
  try {
    return parseSignal(given);
  } catch (error) {
    throw new InvalidOptionError(`cannot stop container: ${container.name}: ${errorMessage(error)}`, {
      option: 'signal',
    });
  }
}
