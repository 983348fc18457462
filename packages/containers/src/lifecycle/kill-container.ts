import { EngineError, errorKind } from '@gantry/base';
import { isErrno } from '@gantry/kernel';
import type { Container } from '../container.ts';
import type { ContainerEnvironment } from '../environment.ts';
import { ContainerStateError } from '../errors.ts';
import { publishContainerEvent } from '../events/container-events.ts';
import { cancelRestart } from '../restart/plan-restart.ts';
import { parseSignal, sigkill } from '../signals.ts';
import { isActive } from '../state/container-state.ts';
import { markStopped, stopSignalOf } from './stop-container.ts';

/**
 * Sends a signal. SIGKILL and the container's stop signal count as a stop: its restart policy lets it be. Throws
 * `InvalidOptionError` for an unknown signal, `ContainerStateError` when it does not run.
 */
export async function killContainer(
  environment: ContainerEnvironment,
  container: Container,
  signalText: string,
): Promise<void> {
  const signal = parseSignal(signalText === '' ? String(sigkill) : signalText);
  await environment.locks.run(container.id, async () => {
    if (container.state.status === 'restarting') {
      cancelRestart(environment, container);
      return;
    }
    if (!isActive(container.state)) {
      throw new ContainerStateError(container.id, `container ${container.id} is not running`);
    }
    const stops = signal === sigkill || signal === parseSignal(stopSignalOf(container));
    if (stops) markStopped(environment, container);
    sendSignal(environment, container, signal);
    if (stops && container.state.status === 'paused') await thaw(environment, container);
  });
}

/** The same failure, with what it kept from being done in front, in Docker's words. */
export function killFailure(ref: string, error: unknown): unknown {
  if (!(error instanceof EngineError)) return error;
  const { kind, code, message, details } = error;
  return new EngineError(kind, code, `cannot kill container: ${ref}: ${message}`, { details, cause: error });
}

/** Signals init of a container that is active; one that has ended by now needs no signal. */
export function sendSignal(
  { ports, events }: ContainerEnvironment,
  container: Container,
  signal: number,
): void {
  try {
    ports.runtime.kill(container.id, signal);
  } catch (error) {
    if (errorKind(error) !== 'not-found' && errorKind(error) !== 'conflict') throw error;
  }
  publishContainerEvent(events, container, 'kill', { signal: String(signal) });
}

/** Frozen processes do not end: cgroups deliver the signal after the thaw. */
export async function thaw({ ports, registry }: ContainerEnvironment, container: Container): Promise<void> {
  try {
    await ports.runtime.resume(container.id);
  } catch (error) {
    // Its cgroup is gone with its last process.
    if (!isErrno(error, 'ENOENT', 'ENODEV')) throw error;
  }
  const facts = container.record.frozenForCommit === true ? { frozenForCommit: false } : {};
  registry.apply(container, { type: 'resumed' }, facts);
}
